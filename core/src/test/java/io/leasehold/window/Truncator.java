package io.leasehold.window;

import io.leasehold.os.ForkedJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A second process, which truncates files and writes them again until it is stopped; see [TruncatorProgram].
///
/// **Ownership.** The caller that starts it closes it. It ends by itself if it is not closed.
///
/// **Threads.** Confined to one thread.
final class Truncator implements AutoCloseable {

    /// How much longer than needed it runs, if it is not closed.
    private static final long GRACE_SECONDS = 60;

    private final Process process; // (C)
    private final BufferedReader output; // (C)

    private Truncator(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    /// Starts the process, and waits until it is ready.
    ///
    /// @param seconds how long it is needed
    /// @param files the files to truncate, to multiples of their units
    static Truncator start(long seconds, long seed, List<StormFile> files) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                ForkedJvm.rootOf(TruncatorProgram.class).toString(),
                TruncatorProgram.class.getName(),
                Long.toString(seconds + GRACE_SECONDS),
                Long.toString(seed)));
        for (StormFile file : files) {
            command.add(Integer.toString(file.unit()));
            command.add(file.path().toString());
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Truncator truncator = new Truncator(process);
        boolean isReady = false;
        try {
            truncator.expect("ready");
            isReady = true;
            return truncator;
        } finally {
            if (!isReady) {
                process.destroyForcibly();
            }
        }
    }

    /// Ends the process, with all files complete.
    ///
    /// @return number of truncations
    long stop() throws IOException, InterruptedException {
        process.getOutputStream().close();
        long truncations = Long.parseLong(expect("truncations="));
        if (process.waitFor() != 0) {
            throw new AssertionError("the second process failed: exitCode=" + process.exitValue());
        }
        return truncations;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the second process does not end: " + process);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String expect(String start) throws IOException {
        String line = output.readLine();
        if (line == null || !line.startsWith(start)) {
            throw new AssertionError("the second process did not print " + start + ": " + line + "\n"
                    + output.lines().toList());
        }
        return line.substring(start.length());
    }
}
