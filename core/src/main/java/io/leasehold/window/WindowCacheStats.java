package io.leasehold.window;

/// Counters of a cache of windows since it was opened. Threads that share a stripe of counters may lose counts; the
/// counts of a single thread are exact.
///
/// @param hits accesses that found their window (wincachehit)
/// @param misses accesses that found no window (wincachemiss), whether one was mapped or not
/// @param faultbusy windows that were overwritten whole (faultbusy)
/// @param bypasses pieces that went through read(2) or write(2)
/// @param admits windows that were mapped
/// @param recycles windows that were taken from another part or another file
/// @param placeholders slots that were mapped to the placeholder because their file was closed or purged
/// @param truncations accesses that found the file shorter than its known length
/// @param waits times that a thread waited for a window
public record WindowCacheStats(
        long hits,
        long misses,
        long faultbusy,
        long bypasses,
        long admits,
        long recycles,
        long placeholders,
        long truncations,
        long waits) {}
