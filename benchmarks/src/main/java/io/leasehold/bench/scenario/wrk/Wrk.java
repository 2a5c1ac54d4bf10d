package io.leasehold.bench.scenario.wrk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// The load generator `wrk`, with one thread and 32 connections. Each connection sends a request when the answer to the
/// one before has arrived.
///
/// @param program the program
record Wrk(Path program) {

    private static final int CONNECTIONS = 32;
    private static final int LIMIT_SECONDS = 20;

    /// Requests one file again and again.
    ///
    /// @param port of the server
    /// @param file name of the file
    /// @param seconds duration
    /// @throws IOException if `wrk` fails, with its output, or does not end in time
    /// @throws InterruptedException if the caller is interrupted; `wrk` has ended by then
    WrkOutput run(int port, String file, int seconds) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        program.toString(),
                        "-t1",
                        "-c" + CONNECTIONS,
                        "-d" + seconds + "s",
                        "--latency",
                        "http://127.0.0.1:" + port + "/" + file)
                .redirectErrorStream(true)
                .start();
        try {
            if (!process.waitFor(seconds + LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(
                        "wrk did not end: duration=" + seconds + " s, waited=" + (seconds + LIMIT_SECONDS) + " s");
            }
            return WrkOutput.parse(new String(process.getInputStream().readAllBytes(), UTF_8));
        } finally {
            process.destroyForcibly();
        }
    }
}
