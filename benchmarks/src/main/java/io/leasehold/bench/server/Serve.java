package io.leasehold.bench.server;

import io.leasehold.bench.load.Keys;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// `mvn -Pserve`: the server alone, for wrk, h2load, curl or whatever else asks.
///
/// | property | is |
/// |---|---|
/// | `serve.port` | a port of 127.0.0.1; 8080 without it, 0 for any that is free |
/// | `serve.transport` | `nio` or `epoll` |
/// | `serve.tls` | whether it is encrypted, under a certificate that signs itself |
/// | `serve.allocator` | `leased`, `adaptive` or `pooled` |
/// | `serve.threads` | event loops |
/// | `serve.root` | whose files are served (`-Droot=`, seen from Maven's folder); without it bodies of any length |
/// | `serve.files` | how they are sent: `leasehold`, `sendfile`, `chunked` or `chunked64` |
/// | `serve.trust` | `foreign`, as anybody may edit them, or `immutable` |
///
/// It ends with Ctrl-C, and says then whether all buffers came back.
public final class Serve {

    private Serve() {}

    /// Takes no arguments.
    public static void main(String[] args) {
        try {
            serve();
        } catch (IOException | GeneralSecurityException | InterruptedException | RuntimeException e) {
            System.err.println("The server does not start: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void serve() throws IOException, GeneralSecurityException, InterruptedException {
        boolean tls = Boolean.getBoolean("serve.tls");
        Transport transport = Transport.of(System.getProperty("serve.transport", "nio"));
        Optional<String> missing = transport.missing();
        if (missing.isPresent()) {
            System.out.println("There is no " + transport.text() + " here, so it runs on NIO: " + missing.get());
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
        // Also when Maven is killed without a word.
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
            System.out.println("\nCtrl-C stops it.");
            return;
        }
        System.out.println("  curl -sk " + address + "/7/1000 | wc -c     1000 bytes of body 7");
        System.out.println("  wrk -t1 -c64 -d10 " + address + "/7/4096");
        System.out.println("\nCtrl-C stops it.");
    }

    private static void stop(HttpServer server, ServerOptions options) {
        Answering.Counts counts = server.counts();
        String did = "stopped after %d answers, %d of them refusals, and %d failures"
                .formatted(
                        counts.answers().sum(),
                        counts.refused().sum(),
                        counts.failures().sum());
        try {
            server.close();
            boolean tells = options.allocator().equals("leased");
            System.out.println(did + (tells ? "; all buffers came back" : "; this allocator does not tell of buffers"));
        } catch (IllegalStateException e) {
            System.out.println(did + "; not all buffers came back: " + e.getMessage());
        }
        System.out.flush();
    }
}
