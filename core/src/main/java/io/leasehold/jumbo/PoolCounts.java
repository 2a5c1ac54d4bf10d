package io.leasehold.jumbo;

/// Statistics of a [JumboSlabPool] since it was opened.
///
/// **Threads.** Guarded by the lock of the slab pool.
final class PoolCounts {

    int peak; // the largest number of pages that were used at once
    long grows;
    long shrinks;
    long removedPages;
    long returned; // pages freed past the shards
    long freedFlipped;
    long steals;
    long adoptions;
}
