package io.leasehold.observe;

/// The memory that all allocators, arenas, pools, rings and window caches of the process hold, in JMX, under
/// `io.leasehold:type=Holders`. Each call reads the current values.
///
/// If the process has more copies of this library, in class loaders of their own, each copy shows its own memory. The
/// second one is `io.leasehold:type=Holders,number=2`.
///
/// **Threads.** Thread-safe.
public interface HoldersMXBean {

    /// {@return the holders, for people: the exact numbers by tag, source and size, and then estimates by tag, size,
    /// age and stack}
    ///
    /// @param rows maximum number of rows of each table, at least 1
    /// @throws IllegalArgumentException if `rows` is less than 1
    String table(int rows);

    /// {@return the profile of outstanding buffers as collapsed stacks, which flame graph tools read}
    String collapsedStacks();

    /// {@return the profile of outstanding buffers and of all allocations as a file for `go tool pprof`}
    byte[] pprof();

    /// {@return the buffers that were lost without a release, by stack and tag, for people ([Profile#leakReport])}
    ///
    /// @param rows maximum number of leaks, at least 1
    /// @throws IllegalArgumentException if `rows` is less than 1
    String leakReport(int rows);

    /// {@return the buffers in use for some time, by stack and tag, for people ([Profile#suspectReport])}
    ///
    /// @param minAgeSeconds minimum age in seconds, at least 0
    /// @param rows maximum number of places, at least 1
    /// @throws IllegalArgumentException if `minAgeSeconds` is negative, or `rows` is less than 1
    String suspectReport(long minAgeSeconds, int rows);

    /// {@return the mean number of allocated bytes between two samples; 0 if sampling is off}
    long getSampleBytes();

    /// Changes the mean number of allocated bytes between two samples, as [Profile#sampleBytes(long)] does.
    ///
    /// @param sampleBytes mean in bytes, at most 1 TiB, or 0 to turn sampling off
    /// @throws IllegalArgumentException if `sampleBytes` is negative or too high
    void setSampleBytes(long sampleBytes);
}
