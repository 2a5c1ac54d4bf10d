package io.leasehold.page;

/// Counters of the slow paths of an arena.
///
/// **Threads.** Guarded by `FramePool.lock`.
final class FrameCounts {
    long allocations; // (L)
    long frees; // (L)
    long waits; // (L)
    long lostWakeUps; // (L) waits that found a run without a wake-up, so that a wake-up was lost
    long reclaims; // (L)
    long reclaimFailures; // (L)
    long decommits; // (L)
    long decommitFailures; // (L)
    long looks; // (L) visits to pageblocks, in search of idle pages
}
