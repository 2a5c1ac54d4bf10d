package io.leasehold.agent;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/// The class loader of Leasehold itself, without the package for Netty. Its classes are a module of their own, so that
/// native access can be granted to them alone.
///
/// The class files are in a folder of the agent's jar. So no class loader of the program finds them, and an application
/// that brings its own Leasehold is not disturbed.
///
/// **Threads.** Thread-safe.
final class LibraryLoader extends ClassLoader {

    /// The folder in the jar of the agent.
    static final String FOLDER = "leasehold/";

    private static final String MODULE = "io.leasehold.agent.library";

    /// Modules that the library may use if the JVM has them.
    private static final List<String> OPTIONAL = List.of("java.management", "jdk.management", "jdk.jfr");

    static {
        registerAsParallelCapable();
    }

    private LibraryLoader() {
        super("leasehold", ClassLoader.getPlatformClassLoader());
    }

    /// {@return a new loader}
    ///
    /// @throws UncheckedIOException if the jar of the agent cannot be read
    static LibraryLoader open() {
        ModuleDescriptor.Builder module = ModuleDescriptor.newModule(MODULE).requires("java.base");
        for (String name : OPTIONAL) {
            if (ModuleLayer.boot().findModule(name).isPresent()) {
                module.requires(name);
            }
        }
        packages().forEach(module::exports);
        LibraryLoader loader = new LibraryLoader();
        ModuleLayer boot = ModuleLayer.boot();
        Configuration configuration =
                boot.configuration().resolve(new OneModule(module.build()), ModuleFinder.of(), Set.of(MODULE));
        ModuleLayer.defineModules(configuration, List.of(boot), name -> loader);
        return loader;
    }

    /// {@return the module of the classes of this loader}
    Module module() {
        try {
            return loadClass("io.leasehold.budget.MemoryBudget").getModule();
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("the jar of the agent has no library", e);
        }
    }

    /// {@return the packages in the jar of the agent, except for those that use Netty}
    private static Set<String> packages() {
        Set<String> packages = new TreeSet<>();
        try (JarFile jar = new JarFile(Path.of(LibraryLoader.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toFile())) {
            jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.startsWith(FOLDER) && name.endsWith(".class") && name.contains("/leasehold/"))
                    .map(name -> name.substring(FOLDER.length(), name.lastIndexOf('/'))
                            .replace('/', '.'))
                    .filter(name -> !IntegrationLoader.isIntegration(name + "."))
                    .forEach(packages::add);
        } catch (IOException e) {
            throw new UncheckedIOException("the jar of the agent cannot be read", e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the jar of the agent is not a file", e);
        }
        return packages;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = bytes(name);
        return defineClass(name, bytes, 0, bytes.length);
    }

    @Override
    protected @Nullable Class<?> findClass(@Nullable String moduleName, String name) {
        try {
            return MODULE.equals(moduleName) ? findClass(name) : null;
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
        return LibraryLoader.class.getResourceAsStream("/" + FOLDER + name);
    }

    private static byte[] bytes(String name) throws ClassNotFoundException {
        String file = "/" + FOLDER + name.replace('.', '/') + ".class";
        try (InputStream in = LibraryLoader.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    /// Finds the one module of the library.
    private static final class OneModule implements ModuleFinder {

        private final ModuleReference reference;

        OneModule(ModuleDescriptor descriptor) {
            this.reference = new ModuleReference(descriptor, null) {
                @Override
                public ModuleReader open() {
                    throw new UnsupportedOperationException("classes are read by the class loader");
                }
            };
        }

        @Override
        public Optional<ModuleReference> find(String name) {
            return name.equals(MODULE) ? Optional.of(reference) : Optional.empty();
        }

        @Override
        public Set<ModuleReference> findAll() {
            return Set.of(reference);
        }
    }
}
