package io.leasehold.bench.server;

import io.leasehold.bench.load.Keys;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// Runs only the server, for tools such as wrk, h2load or curl: `mvn -Pserve`.
///
/// | property | meaning |
/// |---|---|
/// | `serve.port` | port of 127.0.0.1; the default is 8080, 0 means any free port |
/// | `serve.transport` | `nio` or `epoll` |
/// | `serve.tls` | true for TLS with a self-signed certificate |
/// | `serve.allocator` | `leased`, `adaptive` or `pooled` |
/// | `serve.threads` | number of event loops |
/// | `serve.root` | folder of the files (`-Droot=`, relative to Maven's folder); the default is bodies of any length |
/// | `serve.files` | how files are sent: `leasehold`, `sendfile`, `chunked` or `chunked64` |
/// | `serve.trust` | `foreign` if other processes may change the files, or `immutable` |
///
/// Ctrl-C stops the server. It then reports whether all buffers were released.
public final class Serve {

    private Serve() {}

    /// Starts the server.
    public static void main(String[] args) {
        try {
            serve();
        } catch (IOException | GeneralSecurityException | InterruptedException | RuntimeException e) {
            System.err.println("cannot start the server: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void serve() throws IOException, GeneralSecurityException, InterruptedException {
        boolean tls = Boolean.getBoolean("serve.tls");
        Transport transport = Transport.of(System.getProperty("serve.transport", "nio"));
        Optional<String> missing = transport.missing();
        if (missing.isPresent()) {
            System.out.println(transport.text() + " is not available, so the server uses NIO: " + missing.get());
            transport = Transport.NIO;
        }
        Optional<Path> keys = tls ? Optional.of(Keys.make()) : Optional.empty();
        ServerOptions options = new ServerOptions(
                Integer.getInteger("serve.port", 8080),
                transport,
                keys,
                System.getProperty("serve.allocator", "leased"),
                Integer.getInteger("serve.threads", 1),
                files(),
                0);
        HttpServer server;
        try {
            server = HttpServer.open(options);
        } finally {
            keys.ifPresent(Keys::delete);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, options), "stop"));
        print(server, options, tls ? "https" : "http");
        // Ends also when Maven is killed.
        ProcessHandle.current()
                .parent()
                .map(ProcessHandle::onExit)
                .orElseGet(CompletableFuture::new)
                .join();
        System.exit(0);
    }

    private static Optional<FileOptions> files() {
        String root = System.getProperty("serve.root", "");
        return root.isEmpty()
                ? Optional.empty()
                : Optional.of(new FileOptions(
                        Path.of(System.getProperty("serve.base", "")).resolve(root),
                        FileWay.of(System.getProperty("serve.files", "leasehold")),
                        FileOptions.trust(System.getProperty("serve.trust", "foreign"))));
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
