package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.MavenOptions;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.load.TempFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/// Runs only the server, for tools such as wrk, h2load or curl: `mvn -Pserve`.
///
/// The README has a table of the options. Ctrl-C stops the server. It then reports whether all buffers were released.
public final class Serve {

    private static final Set<String> NAMES =
            Set.of("port", "transport", "tls", "allocator", "threads", "files", "trust");

    private Serve() {}

    /// Starts the server.
    public static void main(String[] args) {
        Locale.setDefault(Locale.ROOT); // numbers are read by tools
        try {
            serve();
        } catch (IOException | GeneralSecurityException | InterruptedException | RuntimeException e) {
            System.err.println("cannot start the server: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void serve() throws IOException, GeneralSecurityException, InterruptedException {
        MavenOptions.check(MavenOptions.typed(), "serve.", NAMES);
        ServerOptions options = options(name -> System.getProperty(name, ""));
        Optional<String> missing = options.transport().missing();
        if (missing.isPresent()) {
            System.out.println(
                    options.transport().text() + " is not available, so the server uses NIO: " + missing.get());
            options = options.on(Transport.NIO);
        }
        HttpServer server;
        boolean tls = Boolean.getBoolean("serve.tls");
        try (TempFolder keys = new TempFolder()) {
            server = HttpServer.open(tls ? options.with(Optional.of(Keys.make(keys.path()))) : options);
        }
        run(server, options, tls ? "https" : "http");
    }

    /// {@return the options that properties name, without a key file}
    ///
    /// @param property reads a property; an empty or missing one has its default
    /// @throws IllegalArgumentException if a value is wrong, in one sentence
    static ServerOptions options(UnaryOperator<String> property) {
        String tls = property.apply("serve.tls");
        if (!tls.matches("|true|false")) {
            throw new IllegalArgumentException("not true or false: serve.tls=" + tls);
        }
        String root = property.apply("serve.root");
        Path folder = Path.of(property.apply("serve.base")).resolve(root);
        if (!root.isEmpty() && !(Files.isDirectory(folder) && Files.isReadable(folder))) {
            throw new IllegalArgumentException("not a folder that can be read: root=" + folder);
        }
        ServerOptions options = ServerOptions.of(name -> switch (name) {
            case "root" -> root.isEmpty() ? "" : folder.toString();
            case "port" -> property.apply("serve.port").isEmpty() ? "8080" : property.apply("serve.port");
            default -> property.apply("serve." + name);
        });
        for (String name : List.of("serve.files", "serve.trust")) {
            if (root.isEmpty() && !property.apply(name).isEmpty()) {
                throw new IllegalArgumentException("option has no meaning without root: " + name + "="
                        + property.apply(name) + "; name the folder of the files with -Droot=");
            }
        }
        // the files of a key are made later; whether they can be used is checked now
        return tls.equals("true") ? options.with(Optional.of(Path.of("keys"))).with(Optional.empty()) : options;
    }

    private static void run(HttpServer server, ServerOptions options, String scheme) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, options), "stop"));
        print(server, options, scheme);
        // Ends also when Maven is killed.
        ProcessHandle.current()
                .parent()
                .map(ProcessHandle::onExit)
                .orElseGet(CompletableFuture::new)
                .join();
        System.exit(0);
    }

    private static void print(HttpServer server, ServerOptions options, String scheme) {
        String address = scheme + "://127.0.0.1:" + server.port();
        System.out.printf(
                "%nlistening on %s (%s, %s)%n%n", address, options.transport().text(), options.allocator());
        if (options.files().isPresent()) {
            FileOptions files = options.files().get();
            System.out.println("  the files of " + files.root() + " (" + files.text() + ")");
            System.out.println("\nCtrl-C stops the server.");
            return;
        }
        System.out.println("  curl -sk " + address + "/7/1000 | wc -c     1000 bytes of body 7");
        System.out.println("  wrk -t1 -c64 -d10 " + address + "/7/4096");
        System.out.println("\nCtrl-C stops the server.");
    }

    private static void stop(HttpServer server, ServerOptions options) {
        Answering.Counts counts = server.counts();
        String did = "stopped: answers=%d, rejections=%d, failures=%d"
                .formatted(
                        counts.answers().sum(),
                        counts.refused().sum(),
                        counts.failures().sum());
        try {
            server.close();
            boolean tells = options.allocator().equals("leased");
            System.out.println(
                    did + (tells ? "; all buffers were released" : "; this allocator does not report buffers"));
        } catch (IllegalStateException e) {
            System.out.println(did + "; not all buffers were released: " + e.getMessage());
        }
        System.out.flush();
    }
}
