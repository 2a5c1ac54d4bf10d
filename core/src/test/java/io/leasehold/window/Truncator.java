package io.leasehold.window;

import io.leasehold.os.ForkedJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A second process, which cuts files and writes them again for as long as this one wants; see [TruncatorProgram].
///
/// **Ownership.** Who started it closes it; it ends by itself if nobody does.
///
/// **Threads.** Confined to one.
final class Truncator implements AutoCloseable {

    /// How much longer it lives than it is needed, if it is forgotten.
    private static final long GRACE_SECONDS = 60;

    private final Process process; // (C)
    private final BufferedReader output; // (C)

    private Truncator(Process process) {
        this.process = process;
        this.output = process.inputReader(StandardCharsets.UTF_8);
    }

    /// Starts it, and waits until it is about to cut.
    ///
    /// @param seconds how long it will be needed
    /// @param files what it cuts, all at multiples of their units
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

    /// Ends it, with all files whole.
    ///
    /// @return how often it cut
    long stop() throws IOException, InterruptedException {
        process.getOutputStream().close();
        long cuts = Long.parseLong(expect("cuts="));
        if (process.waitFor() != 0) {
            throw new AssertionError("the second process failed: exitCode=" + process.exitValue());
        }
        return cuts;
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
