package io.leasehold.slab;

import java.util.concurrent.atomic.AtomicLong;

/// Counts the empty slabs of a heap, over all size classes, and limits the bytes that they retain for the next burst.
///
/// ```text
///   small   up to 16 pages     minPages + heldPages / 16     together at most maxPages
///   large   more pages         minPages + heldPages / 2
/// ```
///
/// Up to the limit an empty slab waits for an allocation of its own size, with the objects of its blocks. Beyond the
/// limit the slab is freed at once, so that other sizes can use its pages. The limit grows with the memory that the
/// heap holds, because the size of a burst does so too.
///
/// Large slabs have a limit of their own. Like the other one it is in bytes, not in slabs of each size class: with
/// sixteen sizes between 72 and 288 KiB in use, a single retained slab was nearly always of the wrong size. The part
/// for large slabs is larger, since there are few of them, and a missing one costs a run of pages, a wiring and a
/// lease.
///
/// **Threads.** Thread-safe. A check and the change after it are two steps, so each of several threads may exceed a
/// limit by one slab.
final class RetainedSlabs {

    private static final int SMALL_PARTS = 16;
    private static final int LARGE_PARTS = 2;

    private final long minPages; // (C)
    private final long maxPages; // (C)
    private final AtomicLong emptyPages = new AtomicLong(); // (A)
    private final AtomicLong emptyLargePages = new AtomicLong(); // (A)
    private final AtomicLong emptyLargeSlabs = new AtomicLong(); // (A)
    private final AtomicLong heldPages = new AtomicLong(); // (A) pages of all slabs

    RetainedSlabs(long minPages, long maxPages) {
        this.minPages = minPages;
        this.maxPages = maxPages;
    }

    /// Adds to the number of pages that the heap holds.
    void hold(int more) {
        heldPages.addAndGet(more);
    }

    /// Counts a slab that became empty.
    void add(int pages, boolean isLarge) {
        (isLarge ? emptyLargePages : emptyPages).addAndGet(pages);
        if (isLarge) {
            emptyLargeSlabs.incrementAndGet();
        }
    }

    /// Counts a slab that is not empty any more, or was removed.
    void remove(int pages, boolean isLarge) {
        (isLarge ? emptyLargePages : emptyPages).addAndGet(-pages);
        if (isLarge) {
            emptyLargeSlabs.decrementAndGet();
        }
    }

    /// {@return true if exactly one large slab is empty}
    boolean hasOneLarge() {
        return emptyLargeSlabs.get() == 1;
    }

    /// {@return true if the empty slabs exceed their limit}
    boolean isFull(boolean isLarge) {
        long small = emptyPages.get();
        long large = emptyLargePages.get();
        long limit = minPages + heldPages.get() / (isLarge ? LARGE_PARTS : SMALL_PARTS);
        return (isLarge ? large : small) > limit || small + large > maxPages;
    }

    @Override
    public String toString() {
        return "RetainedSlabs(emptyPages=" + emptyPages + ", emptyLargePages=" + emptyLargePages + ", heldPages="
                + heldPages + ", limits=" + minPages + ".." + maxPages + ")";
    }
}
