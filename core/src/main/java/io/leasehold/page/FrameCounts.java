package io.leasehold.page;

/// How often each slow path of a [FrameAllocator] was taken.
///
/// **Threads.** Guarded by the allocator's lock.
final class FrameCounts {
    long allocations; // (L)
    long frees; // (L)
    long waits; // (L)
    long reclaims; // (L)
    long reclaimFailures; // (L)
    long decommits; // (L)
    long decommitFailures; // (L)
}
