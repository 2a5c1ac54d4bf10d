package io.leasehold.bench.process;

import io.leasehold.bench.result.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Reads the resident memory of a process repeatedly, from its construction until it is closed.
///
/// **Threads.** One thread calls; the sampler reads.
public final class ResidentCurve implements AutoCloseable {

    private static final int EVERY_MILLIS = 50;

    private final long startNanos = System.nanoTime(); // (C)
    private final List<Sample> samples = new ArrayList<>(); // (O) the sampler, until it has ended
    private final Sampler sampler; // (C)

    /// Begins to read every 50 ms.
    ///
    /// @param pid of the process
    public ResidentCurve(long pid) {
        this(pid, EVERY_MILLIS);
    }

    /// Begins to read.
    ///
    /// @param pid of the process
    /// @param everyMillis time between two reads in milliseconds
    public ResidentCurve(long pid, int everyMillis) {
        sampler = new Sampler("resident memory", everyMillis, () -> {
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
            samples.add(new Sample(millis, SystemMemory.residentBytes(pid)));
        });
    }

    /// Stops reading.
    ///
    /// @return the samples in order of time
    /// @throws InterruptedException if the caller is interrupted
    public List<Sample> stop() throws InterruptedException {
        sampler.stop();
        return List.copyOf(samples);
    }

    @Override
    public void close() {
        sampler.close();
    }
}
