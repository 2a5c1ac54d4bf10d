package io.leasehold.slab;

import static io.leasehold.text.Texts.format;

/// Counts the work of a [HeapReclaimer], so that tests can check that it is in proportion to what changed.
///
/// **Threads.** Guarded by the lock of the [HeapReclaimer].
final class ReclaimWork {
    long flushes; // (L) flushes of all magazines, with one barrier each
    long visits; // (L) visits of size classes
    long holds; // (L) holds of the lock of a size class
    long looks; // (L) visits of slabs
    long slabs; // (L) slabs that were freed
    long purges; // (L) purges of slabs

    @Override
    public String toString() {
        return format(
                "ReclaimWork(flushes=%d, visits=%d, holds=%d, looks=%d, slabs=%d, purges=%d)",
                flushes, visits, holds, looks, slabs, purges);
    }
}
