package io.leasehold.window;

/// What a cache of windows has done since it was opened. Counts of threads that share a stripe may miss each other's
/// latest steps; those of one thread are exact.
///
/// @param hits accesses that found their window (wincachehit)
/// @param misses accesses that found none (wincachemiss), whether one was made or not
/// @param faultbusy windows that were overwritten whole (faultbusy)
/// @param bypasses pieces that went through read(2)
/// @param admits windows that were mapped
/// @param recycles windows that were taken from another part or another file
/// @param poisons windows that were put over an empty file since theirs was closed or purged
/// @param truncations accesses that found the file shorter than it was known to be
/// @param waits times that a thread waited for a window
public record WindowCacheStats(
        long hits,
        long misses,
        long faultbusy,
        long bypasses,
        long admits,
        long recycles,
        long poisons,
        long truncations,
        long waits) {}
