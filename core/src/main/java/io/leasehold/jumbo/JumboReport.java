package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.StripedCounter;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// Builds the statistics of a pool from the counters of its parts.
///
/// ```text
///   in service - stolen                            = in pool     JumboSlabPool, under its lock
///   in pool - armed - deferred - free              = leased      armed: slots; deferred: here, because it is rare
///   free in slabs + in magazines and queues        = free        JumboSlabPool; slots
/// ```
///
/// **Cost.** In proportion to the slots that were ever used. No page is read.
///
/// **Threads.** Thread-safe. Exact while no other thread uses the pool. Otherwise a number may be wrong by the
/// changes that other threads make during the call. Pages on their way from a shard to the slab pool count as free:
/// shards are read before the slab pool.
final class JumboReport {

    /// Number of allocations that found no page.
    final StripedCounter fallbacks = new StripedCounter(); // (A)

    /// Number of requests for a slab that failed, also those that shared the failure of another thread.
    final StripedCounter refusals = new StripedCounter(); // (A)

    /// Number of pages that were freed while they were held, and are still held.
    final AtomicInteger deferredFree = new AtomicInteger(); // (A)

    private final JumboOptions options; // (C)
    private final JumboSlabPool<?> slabPool; // (C)
    private final ShardCounts shardCounts; // (C)

    JumboReport(JumboOptions options, JumboSlabPool<?> slabPool, ShardCounts shardCounts) {
        this.options = options;
        this.slabPool = slabPool;
        this.shardCounts = shardCounts;
    }

    /// {@return a snapshot of the statistics}
    ///
    /// @param armed number of armed pages
    /// @param spareBytes bytes of a run that is in no slab
    JumboStats stats(int armed, int spareBytes, PageExchange.Counts exchanged) {
        int cached = shardCounts.cachedPages();
        long returned = shardCounts.returned();
        int deferredFreeNow = deferredFree.get();
        slabPool.lock();
        try {
            JumboStats.Pages pages = pages(cached, armed, deferredFreeNow);
            PoolCounts counts = slabPool.counts;
            long live = (long) (pages.outstanding() + pages.stolen())
                    * options.bufferSize().byteSize();
            long slab = options.slabByteSize();
            return new JumboStats(
                    options.name(),
                    pages,
                    new JumboStats.Bytes(
                            live, slabPool.slabs.pinned() * slab, slabPool.slabs.count() * slab + spareBytes),
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
            slabPool.unlock();
        }
    }

    /// {@return numbers of pages by state; all 0 in a closed pool} Called under the lock of the slab pool. Numbers that
    /// were read at different times may not add up, so each number is limited by the rest.
    private JumboStats.Pages pages(int cached, int armed, int deferredFreeNow) {
        JumboSlabs<?> slabs = slabPool.slabs;
        int peak = slabPool.counts.peak;
        if (slabPool.closed) {
            return new JumboStats.Pages(0, 0, 0, 0, 0, 0, 0, peak);
        }
        int inPool = slabs.inService() - slabPool.stolen;
        int deferred = Math.clamp(deferredFreeNow, 0, inPool);
        int unheld = inPool - deferred;
        int armedNow = Math.clamp(armed, 0, unheld);
        int free = Math.min(slabs.freeCount() + cached, unheld - armedNow);
        int leased = unheld - armedNow - free;
        return new JumboStats.Pages(inPool, free, leased, armedNow, deferred, slabPool.stolen, slabs.inactive(), peak);
    }

    /// Checks the invariants by reading every page. Exact only while no other thread uses the pool.
    void checkInvariants(int armed) {
        shardCounts.checkInvariants();
        int cached = shardCounts.cachedPages();
        slabPool.lock();
        try {
            JumboStats.Pages pages = pages(cached, armed, deferredFree.get());
            int[] found = slabPool.checkInvariants(shardCounts);
            boolean isRight = found[JumboState.LEASED.ordinal()] + found[JumboState.FLIPPED.ordinal()]
                            == pages.leased() + pages.free()
                    && found[JumboState.ARMED.ordinal()] == pages.armed()
                    && found[JumboState.DEFERRED_FREE.ordinal()] == pages.deferredFree()
                    && found[JumboState.STOLEN.ordinal()] == pages.stolen()
                    && found[JumboState.INACTIVE.ordinal()] == pages.inactive();
            if (!slabPool.closed && !isRight) {
                throw new AssertionError(format("counted %s, found %s of %s", pages, Arrays.toString(found), slabPool));
            }
        } finally {
            slabPool.unlock();
        }
    }

    @Override
    public String toString() {
        return format("JumboReport(fallbacks=%s, refusals=%s, deferredFree=%s)", fallbacks, refusals, deferredFree);
    }
}
