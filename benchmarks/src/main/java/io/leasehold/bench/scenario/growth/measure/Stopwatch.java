package io.leasehold.bench.scenario.growth.measure;

/// Times successive operations: their number, total time and maximum.
///
/// ```text
///   start ---- operation ---- lap ---- operation ---- lap ---- stop
/// ```
///
/// **Threads.** Confined to one thread at a time.
public final class Stopwatch {

    private long started;
    private long last;
    private long nanos;
    private long worstNanos;
    private long laps;

    /// Work that consists of a few operations.
    public interface Work {

        /// Runs the operations once.
        ///
        /// @param watch has been started; `lap` is called after each operation
        void round(Stopwatch watch) throws Exception;
    }

    /// Repeats work until its operations took a given time in total.
    ///
    /// @param nanos minimum total time in nanoseconds
    /// @return the times of all operations
    public static Stopwatch repeat(long nanos, Work work) throws Exception {
        Stopwatch watch = new Stopwatch();
        watch.start();
        do {
            work.round(watch);
            watch.stop();
        } while (watch.nanos < nanos);
        return watch;
    }

    /// Starts an operation. The time since the last [#stop] does not count.
    public void start() {
        started = System.nanoTime();
        last = started;
    }

    /// Ends an operation and starts the next.
    public void lap() {
        long now = System.nanoTime();
        worstNanos = Math.max(worstNanos, now - last);
        last = now;
        laps++;
    }

    /// Stops at the end of the last operation. Without another [#start], the next operation begins at that time.
    public void stop() {
        nanos += last - started;
        started = last;
    }

    /// Adds the operations of another stopwatch, which has been stopped.
    public void add(Stopwatch other) {
        nanos += other.nanos;
        laps += other.laps;
        worstNanos = Math.max(worstNanos, other.worstNanos);
    }

    /// {@return the total time between starts and stops, in nanoseconds}
    public long nanos() {
        return nanos;
    }

    /// {@return the number of operations}
    public long laps() {
        return laps;
    }

    /// {@return the time of the longest operation in nanoseconds}
    public long worstNanos() {
        return worstNanos;
    }

    /// {@return the mean time of an operation in nanoseconds}
    public double nanosPerLap() {
        return (double) nanos / laps;
    }

    /// {@return the mean number of operations per second}
    public double lapsPerSecond() {
        return laps * 1e9 / nanos;
    }
}
