package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.JvmMode;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.stream.Stream;

/// A server in its own JVM. It answers requests on its standard output and ends when its standard input ends.
///
/// | input | output |
/// |---|---|
/// | at the start | `listening on 127.0.0.1:port`, or `error` and a message |
/// | a line | `values` and [ServerValues] |
/// | end of input | `closed` if all buffers were released, or `error` and a message |
public final class ServerProcess {

    private static final List<String> FLAGS =
            List.of(Allocators.MIN_HEAP, Allocators.MAX_HEAP, "-XX:+AlwaysPreTouch", "-XX:+UseG1GC");

    private ServerProcess() {}

    /// {@return the flags with which the JVM of a server is measured}
    public static List<String> flags(JvmMode mode) {
        return Stream.concat(FLAGS.stream(), mode.flags().stream()).toList();
    }

    /// Serves until the input ends.
    ///
    /// @param args see [ServerOptions]
    public static void main(String[] args) {
        try {
            try (HttpServer server = HttpServer.open(ServerOptions.parse(args))) {
                System.out.println("listening on 127.0.0.1:" + server.port());
                ChildJvm.answer(() -> ServerValues.of(server));
            }
            System.out.println("closed");
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            System.out.println("error " + e.getMessage());
            System.exit(1);
        }
    }
}
