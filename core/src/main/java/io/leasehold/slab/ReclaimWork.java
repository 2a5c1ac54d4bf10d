package io.leasehold.slab;

/// How much work the reclaimer of a heap did, so that tests can hold it to what changed.
///
/// **Threads.** Guarded by the lock of the [HeapReclaimer].
final class ReclaimWork {
    long flushes; // (L) of all magazines, a barrier each
    long visits; // (L) of size classes
    long holds; // (L) of the lock of a class
    long looks; // (L) at slabs
    long slabs; // (L) that were given back
    long purges; // (L) of slabs that gave pages back

    @Override
    public String toString() {
        return "ReclaimWork(flushes=%d, visits=%d, holds=%d, looks=%d, slabs=%d, purges=%d)"
                .formatted(flushes, visits, holds, looks, slabs, purges);
    }
}
