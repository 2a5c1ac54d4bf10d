package io.leasehold.bench.scenario.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import org.jspecify.annotations.Nullable;

/// A server in its own JVM. It answers requests on its standard output and ends when its standard input ends.
///
/// | input | output |
/// |---|---|
/// | at the start | `listening on 127.0.0.1:port`, or `error` and a message |
/// | `values` | `values` and a [ServerValues#line] |
/// | end of input | `closed` if all buffers were released, or `error` and a message |
public final class ServerProcess {

    private ServerProcess() {}

    /// Serves until the input ends.
    ///
    /// @param args see [ServerOptions]
    public static void main(String[] args) {
        try {
            serve(ServerOptions.parse(args));
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            System.out.println("error " + e.getMessage());
            System.exit(1);
        }
    }

    private static void serve(ServerOptions options) throws IOException, GeneralSecurityException {
        try (HttpServer server = HttpServer.open(options)) {
            System.out.println("listening on 127.0.0.1:" + server.port());
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (@Nullable String line = input.readLine(); line != null; line = input.readLine()) {
                if (line.equals("values")) {
                    System.out.println("values " + ServerValues.of(server).line());
                }
            }
        }
        System.out.println("closed");
    }
}
