package io.leasehold.jumbo;

/// Counters of a [JumboSlabPool] since it was opened.
///
/// **Threads.** Guarded by the lock of the slab pool.
final class PoolCounts {

    int peak; // the highest number of pages that were in use or in shards at once
    long grows;
    long shrinks;
    long removedPages;
    long returned; // pages that were freed directly into the slab pool
    long freedFlipped;
    long steals;
    long adoptions;
}
