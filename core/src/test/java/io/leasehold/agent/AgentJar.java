package io.leasehold.agent;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/// The jar of the agent, put together from the compiled classes as `core/pom.xml` puts it together. There is one for
/// each JVM that runs tests.
public final class AgentJar {

    private static final String LIBRARY = "leasehold/";
    private static final Path PATH = make();

    private AgentJar() {}

    /// {@return the jar}
    public static Path path() {
        return PATH;
    }

    /// {@return the folder or jar that a class is in}
    public static Path rootOf(Class<?> type) {
        try {
            String file = type.getName().replace('.', '/') + ".class";
            URI uri = type.getResource("/" + file).toURI();
            if (uri.getScheme().equals("file")) {
                String path = Path.of(uri).toString();
                return Path.of(path.substring(0, path.length() - file.length() - 1));
            }
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static Path make() {
        try {
            Path jar = Files.createTempFile("leasehold-agent", ".jar");
            jar.toFile().deleteOnExit();
            try (OutputStream out = Files.newOutputStream(jar);
                    JarOutputStream entries = new JarOutputStream(out, manifest())) {
                Path root = rootOf(LeaseholdAgent.class);
                for (Path file : classes(root)) {
                    String name = root.relativize(file).toString().replace('\\', '/');
                    boolean isAgent = name.startsWith("io/leasehold/agent/");
                    entries.putNextEntry(new JarEntry(isAgent ? name : LIBRARY + name));
                    Files.copy(file, entries);
                    entries.closeEntry();
                }
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> classes(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("io/leasehold"))) {
            return files.filter(file -> file.toString().endsWith(".class")).toList();
        }
    }

    private static Manifest manifest() {
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Premain-Class", AgentEntry.class.getName());
        attributes.putValue("Agent-Class", AgentEntry.class.getName());
        return manifest;
    }
}
