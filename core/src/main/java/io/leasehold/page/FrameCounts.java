package io.leasehold.page;

/// How often each slow path of an arena was taken.
///
/// **Threads.** Guarded by the lock of the [FramePool].
final class FrameCounts {
    long allocations; // (L)
    long frees; // (L)
    long waits; // (L)
    long untold; // (L) waits that were over though nothing had told the thread: a wake-up was lost
    long reclaims; // (L)
    long reclaimFailures; // (L)
    long decommits; // (L)
    long decommitFailures; // (L)
    long looks; // (L) at blocks, for idle pages
}
