package io.leasehold.bench.process;

import io.leasehold.bench.result.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Reads the resident memory of a process repeatedly, from its construction until it is closed.
///
/// **Threads.** One thread calls; [#thread] reads.
///
/// @see "proc_pid_status(5), VmRSS"
public final class ResidentCurve implements AutoCloseable {

    private static final int EVERY_MILLIS = 50;

    private final long pid; // (C)
    private final int everyMillis; // (C)
    private final long startNanos = System.nanoTime(); // (C)
    private final List<Sample> samples = new ArrayList<>(); // (O) the thread, until it has ended
    private final CountDownLatch end = new CountDownLatch(1); // (A)
    private final Thread thread; // (C)

    /// Begins to read every 50 ms.
    ///
    /// @param pid of the process
    public ResidentCurve(long pid) {
        this(pid, EVERY_MILLIS);
    }

    /// Begins to read.
    ///
    /// @param pid of the process
    /// @param everyMillis time between two reads
    public ResidentCurve(long pid, int everyMillis) {
        this.pid = pid;
        this.everyMillis = everyMillis;
        thread = Thread.ofPlatform().daemon().name("resident memory").start(this::read);
    }

    /// {@return resident bytes of a process; 0 if it has ended or the system does not report them}
    ///
    /// @param pid of the process
    public static long residentBytes(long pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
            return 0;
        } catch (IOException e) {
            return 0;
        }
    }

    private void read() {
        try {
            do {
                samples.add(
                        new Sample(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos), residentBytes(pid)));
            } while (!end.await(everyMillis, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Stops reading.
    ///
    /// @return the samples in order of time
    /// @throws InterruptedException if the caller is interrupted
    public List<Sample> stop() throws InterruptedException {
        end.countDown();
        thread.join();
        return List.copyOf(samples);
    }

    /// Stops reading.
    @Override
    public void close() {
        end.countDown();
    }
}
