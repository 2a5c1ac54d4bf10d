package io.leasehold.slab;

import java.util.concurrent.atomic.AtomicLong;

/// How many bytes a heap retains in empty slabs, over all sizes, so that the next burst finds them.
///
/// ```text
///   small   up to 64 KiB    least + held / 16     together at most the most
///   large   above           least + held / 2
/// ```
///
/// Up to the limit an empty slab waits for a block of its own size, with the objects of its blocks; beyond it the slab
/// is freed at once, so that other sizes find its pages. The limit grows with what the heap holds, as does what a burst
/// brings.
///
/// Large slabs have a limit of their own, in bytes like the other one and not by size class: with sixteen sizes between
/// 72 and 288 KiB in use, a single retained slab was of the wrong size nearly always. Their share is larger, since
/// there are few of them, and one that is missing costs a run of pages, a wiring and a lease.
///
/// **Threads.** Thread-safe. A check and the change after it are not one step, so several threads may pass a limit by
/// one slab each.
final class RetainedSlabs {

    private static final int SMALL_PARTS = 16;
    private static final int LARGE_PARTS = 2;

    private final long minPages; // (C)
    private final long maxPages; // (C)
    private final AtomicLong emptyPages = new AtomicLong(); // (A)
    private final AtomicLong emptyLargePages = new AtomicLong(); // (A)
    private final AtomicLong emptyLargeSlabs = new AtomicLong(); // (A)
    private final AtomicLong heldPages = new AtomicLong(); // (A) of all slabs

    RetainedSlabs(long minPages, long maxPages) {
        this.minPages = minPages;
        this.maxPages = maxPages;
    }

    /// Counts pages that the heap holds.
    void hold(int more) {
        heldPages.addAndGet(more);
    }

    /// Counts a slab without a block that is out.
    void add(int pages, boolean isLarge) {
        (isLarge ? emptyLargePages : emptyPages).addAndGet(pages);
        if (isLarge) {
            emptyLargeSlabs.incrementAndGet();
        }
    }

    /// Counts a slab that is not empty any more, or has gone.
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

    /// {@return true if empty slabs take up more than their limit}
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
