package io.leasehold.agent;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/// The class loader of the package `io.leasehold.netty` for one copy of Netty. It is a child of Netty's class loader,
/// and reads the class files of the library again. The names of Netty's classes in them are changed to those of the
/// copy.
///
/// **Threads.** Thread-safe.
final class IntegrationLoader extends ClassLoader {

    private static final String LIBRARY = "io.leasehold.";
    private static final String PACKAGE = "io.leasehold.netty.";

    private final ClassLoader library; // (C)
    private final Relocation relocation; // (C)

    static {
        registerAsParallelCapable();
    }

    /// @param netty class loader of Netty
    /// @param library class loader of the other packages
    /// @param prefix text that relocation put before `io.netty.`, with a dot at the end; or empty
    IntegrationLoader(@Nullable ClassLoader netty, ClassLoader library, String prefix) {
        super("leasehold-netty", netty);
        this.library = library;
        this.relocation = new Relocation(prefix);
    }

    /// {@return true if a class uses Netty, so that each copy of Netty needs it anew}
    static boolean isIntegration(String className) {
        return className.startsWith(PACKAGE);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(LIBRARY)) {
            return super.loadClass(name, resolve);
        }
        if (!isIntegration(name)) {
            return library.loadClass(name);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? findClass(name) : loaded;
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        try (InputStream in = library.getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = relocation.apply(in.readAllBytes());
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }
}
