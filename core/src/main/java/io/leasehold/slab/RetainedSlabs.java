package io.leasehold.slab;

import java.util.concurrent.atomic.AtomicLong;

/// Counts the empty slabs of a heap, over all size classes, and limits the bytes that they retain for the next burst.
///
/// ```text
///   small   up to 16 pages     minPages + max(heldPages / 32, recent peak - pages in use)
///   large   more pages         minPages + max(heldPages / 2,  recent peak - pages in use)
///   both together              at most maxPages, beside one slab of each small size class (SlabSet)
/// ```
///
/// Up to the limit an empty slab waits for an allocation of its own size, with the objects of its blocks. Beyond the
/// limit the slab is freed at once, so that other sizes can use its pages.
///
/// **Recent peak.** A server whose load comes in waves needs the memory of one wave again in the next one. So the pages
/// that were in use at the same time, in this tick or the last one, may stay. A steady load has a peak that is hardly
/// above what is in use, so it retains little. Without this rule an HTTP server with 16 requests in flight on each
/// connection made and freed 2,500 to 3,000 slabs a second. C2 compiled these paths for more than a second after its
/// start.
///
/// **Large slabs** have a limit of their own. Like the other limit it is in bytes, not in slabs of each size class.
/// With sixteen sizes between 72 and 288 KiB in use, a single retained slab was nearly always of the wrong size. The
/// part for large slabs is larger, since there are few of them, and a missing one costs a run of pages, a wiring and a
/// lease.
///
/// **Threads.** Thread-safe. A check and the change after it are two steps, so each of several threads may exceed a
/// limit by one slab. A peak that is lost in a race costs a slab that is freed and made again. One thread at a time
/// calls [#beginTick].
final class RetainedSlabs {

    /// A heap may always retain [SlabHeapOptions#idleByteSize] divided by this, however little it holds.
    private static final int MIN_PARTS = 64;

    private static final int SMALL_PARTS = 32;
    private static final int LARGE_PARTS = 2;

    private final long minPages; // (C)
    private final long maxPages; // (C)
    private final AtomicLong emptyPages = new AtomicLong(); // (A)
    private final AtomicLong emptyLargePages = new AtomicLong(); // (A)
    private final AtomicLong emptyLargeSlabs = new AtomicLong(); // (A)
    private final AtomicLong heldPages = new AtomicLong(); // (A) pages of all slabs
    private volatile long peak; // (A) most pages in use at a time in this tick
    private volatile long lastPeak; // (A) and in the last tick

    /// {@return the limits of a heap}
    static RetainedSlabs of(SlabHeapOptions options, SlabMemory memory) {
        long maxPages = options.idleByteSize() / memory.pageByteSize();
        return new RetainedSlabs(memory.carvesQuickly() ? maxPages / MIN_PARTS : maxPages, maxPages);
    }

    RetainedSlabs(long minPages, long maxPages) {
        this.minPages = minPages;
        this.maxPages = maxPages;
    }

    /// Adds to the number of pages that the heap holds.
    void hold(int more) {
        heldPages.addAndGet(more);
    }

    /// Begins a tick: forgets the peak of the tick before the last one.
    void beginTick() {
        lastPeak = peak;
        peak = pagesInUse();
    }

    private long pagesInUse() {
        return heldPages.get() - emptyPages.get() - emptyLargePages.get();
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
        long inUse = pagesInUse();
        if (inUse > peak) {
            peak = inUse;
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
        long wanted = Math.max(peak, lastPeak) - pagesInUse();
        long limit = minPages + Math.max(wanted, heldPages.get() / (isLarge ? LARGE_PARTS : SMALL_PARTS));
        return (isLarge ? large : small) > limit || small + large > maxPages;
    }

    @Override
    public String toString() {
        return "RetainedSlabs(emptyPages=" + emptyPages + ", emptyLargePages=" + emptyLargePages + ", heldPages="
                + heldPages + ", peak=" + peak + ", limits=" + minPages + ".." + maxPages + ")";
    }
}
