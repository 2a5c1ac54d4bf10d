package io.leasehold.jumbo;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// What a ring has and has done, put together from those that count it.
///
/// ```text
///   in service - stolen                       = in ring     JumboSlabPool, under its lock
///   in ring - armed - held - free             = leased      armed: slots; held: here, as that is rare
///   at home + in magazines and rings          = free        JumboSlabPool; slots
/// ```
///
/// **Cost.** In proportion to the slots that were ever used. No page is looked at.
///
/// **Threads.** Thread-safe. Exact while no other thread uses the ring; otherwise each number was true at some time
/// during the call. Pages on their way from a shard to the pool are free: shards are read before the pool.
final class JumboReport {

    /// Allocations that found no page.
    final LongAdder fallbacks = new LongAdder(); // (A)

    /// Slabs that the arena did not have.
    final LongAdder refusals = new LongAdder(); // (A)

    /// Pages that were freed while they were held, and still are.
    final AtomicInteger deferredFree = new AtomicInteger(); // (A) which allocates nothing on the Java heap

    private final JumboOptions options; // (C)
    private final JumboSlabPool<?> pool; // (C)
    private final ShardCensus census; // (C)

    JumboReport(JumboOptions options, JumboSlabPool<?> pool, ShardCensus census) {
        this.options = options;
        this.pool = pool;
        this.census = census;
    }

    /// {@return the numbers of about one moment}
    ///
    /// @param armed number of armed pages
    JumboStats stats(int armed, PageExchange.Counts exchanged) {
        int cached = census.cachedPages();
        long returned = census.returned();
        int deferredFreeNow = deferredFree.get();
        pool.lock();
        try {
            JumboStats.Pages pages = pages(cached, armed, deferredFreeNow);
            PoolCounts counts = pool.counts;
            long live =
                    (long) (pages.out() + pages.stolen()) * options.bufferSize().byteSize();
            long slab = options.slabByteSize();
            return new JumboStats(
                    options.name(),
                    pages,
                    new JumboStats.Bytes(live, pool.slabs.pinned() * slab, pool.slabs.count() * slab),
                    new JumboStats.Slabs(counts.grows, counts.shrinks, counts.removedPages, refusals.sum()),
                    new JumboStats.Traffic(
                            fallbacks.sum(),
                            counts.returned + returned,
                            counts.freedFlipped,
                            exchanged.flips(),
                            exchanged.copies(),
                            counts.steals,
                            counts.adoptions));
        } finally {
            pool.unlock();
        }
    }

    /// {@return the pages by what they are, of which none is left in a closed ring} Under the lock of the pool. Numbers
    /// of several moments may not add up, so none is more than what is left for it.
    private JumboStats.Pages pages(int cached, int armed, int deferredFreeNow) {
        JumboSlabs<?> slabs = pool.slabs;
        int peak = pool.counts.peak;
        if (pool.closed) {
            return new JumboStats.Pages(0, 0, 0, 0, 0, 0, 0, peak);
        }
        int inRing = slabs.inService() - pool.stolen;
        int deferred = Math.clamp(deferredFreeNow, 0, inRing);
        int unheld = inRing - deferred;
        int armedNow = Math.clamp(armed, 0, unheld);
        int free = Math.min(slabs.freeCount() + cached, unheld - armedNow);
        int leased = unheld - armedNow - free;
        return new JumboStats.Pages(inRing, free, leased, armedNow, deferred, pool.stolen, slabs.inactive(), peak);
    }

    /// Checks what must always hold, by a look at every page; exact only while no other thread uses the ring.
    void checkInvariants(int armed) {
        census.checkInvariants();
        int cached = census.cachedPages();
        pool.lock();
        try {
            JumboStats.Pages pages = pages(cached, armed, deferredFree.get());
            int[] found = pool.checkInvariants(census);
            boolean isRight = found[JumboState.LEASED.ordinal()] + found[JumboState.FLIPPED.ordinal()]
                            == pages.leased() + pages.free()
                    && found[JumboState.ARMED.ordinal()] == pages.armed()
                    && found[JumboState.DEFERRED_FREE.ordinal()] == pages.deferredFree()
                    && found[JumboState.STOLEN.ordinal()] == pages.stolen()
                    && found[JumboState.INACTIVE.ordinal()] == pages.inactive();
            if (!pool.closed && !isRight) {
                throw new AssertionError("counted %s, found %s of %s".formatted(pages, Arrays.toString(found), pool));
            }
        } finally {
            pool.unlock();
        }
    }

    @Override
    public String toString() {
        return "JumboReport(fallbacks=%s, refusals=%s, deferredFree=%s)".formatted(fallbacks, refusals, deferredFree);
    }
}
