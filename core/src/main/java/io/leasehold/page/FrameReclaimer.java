package io.leasehold.page;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.FlushRation;
import io.leasehold.memory.Region;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Gets pages back from wherever they are: from magazines, from the reclaimers above, and with their memory for the
/// kernel.
///
/// ```text
///   find       own magazine ---> all magazines ---> decommits, if memory is short ---> reclaimers ---> once more
///   flush      all magazines, into the pool
///   decommit   idle pages, to the kernel, a batch at a time
/// ```
///
/// **Cost.** A part of [#find] that cannot help is skipped: a magazine that is shut is empty, and a reclaimer in which
/// nothing changed looks at a few words. Flushing interrupts all running threads; how often a request may do so says
/// [FlushRation]. So a request may miss a run that another thread freed into its own magazine within the last few
/// hundred microseconds. No request misses a page that the calling thread freed, or that was freed into the pool, and a
/// request that waits misses none at all.
///
/// **Threads.** Thread-safe. Lock order: `shrinkLock`, `flushLock`, the lock of the pool. None is taken in a slot.
final class FrameReclaimer {

    /// A decommit keeps this much out of reach of allocations at a time.
    static final long BATCH_BYTES = 2 << 20;

    private static final int MIN_BATCH_PAGES = 16;
    private static final int MAX_ROUNDS = 3;

    private final FramePool pool; // (C)
    private final Region region; // (C)
    private final PageFrames frames; // (C)
    private final Magazines magazines; // (C)
    private final BiasedSlots slots; // (C) of the magazines
    private final PageReclaimers reclaimers; // (C)
    private final int framePages; // (C)
    private final int batchPages; // (C)
    private final boolean decommits; // (C)
    private final ReentrantLock flushLock = new ReentrantLock();

    /// Held while reclaimers free pages, until the pages are in the pool: a second thread that finds no page waits for
    /// them, and then has little to do.
    private final ShortLock shrinkLock = new ShortLock();

    private final FlushRation ration = new FlushRation(); // (C)

    FrameReclaimer(
            FramePool pool,
            Region region,
            PageFrames frames,
            Magazines magazines,
            PageReclaimers reclaimers,
            int framePages) {
        this.pool = pool;
        this.region = region;
        this.frames = frames;
        this.magazines = magazines;
        this.slots = magazines.slots();
        this.reclaimers = reclaimers;
        this.framePages = framePages;
        this.batchPages = (int) Math.max(framePages, BATCH_BYTES >>> frames.pageSizePower());
        this.decommits = region.memory().can(Capability.DECOMMIT);
    }

    /// Looks for a run wherever it may be, for a request that found none in the pool.
    ///
    /// @param asksReclaimers true if the layers above are asked too
    /// @return the first page, or [FreeMap#NONE]
    int find(RunRequest request, boolean asksReclaimers) {
        long refusals = pool.kernelRefusals();
        int page = findBelow(request);
        if (page < 0 && asksReclaimers && !reclaimers.isEmpty()) {
            shrink(false);
            page = findBelow(request);
        }
        if (page < 0) {
            pool.blameKernelAfter(refusals);
        }
        return page;
    }

    private int findBelow(RunRequest request) {
        flushOwn();
        int page = pool.tryTake(request);
        if (page < 0 && mayFlush()) {
            flush();
            page = pool.tryTake(request);
            ration.judge(page >= 0);
        }
        if (page < 0) {
            page = findByDecommit(request);
        }
        return page;
    }

    /// What other threads decommit cannot be seen before it is done, and may leave idle pages that are needed too:
    /// hence the rounds.
    private int findByDecommit(RunRequest request) {
        int page = FreeMap.NONE;
        for (int round = 0; round < MAX_ROUNDS && page < 0; round++) {
            boolean isNeeded = decommits && request.needsMemory();
            page = isNeeded ? decommitFor(request) : FreeMap.NONE;
            page = page < 0 ? pool.takeFromTransit(request) : page;
            if (!decommits || !request.needsMemory()) {
                break;
            }
        }
        return page;
    }

    /// Decommits idle pages until the request finds a run, no more than it needs at a time: other requests could use
    /// the pages as they are.
    private int decommitFor(RunRequest request) {
        int atLeast = Math.max(framePages, MIN_BATCH_PAGES);
        DecommitBatch batch = new DecommitBatch(Math.clamp(request.pageCount, atLeast, Math.max(atLeast, batchPages)));
        int page = FreeMap.NONE;
        boolean more = true;
        while (more && page < 0) {
            more = decommitOnce(batch, 0);
            page = batch.count() > 0 ? pool.tryTake(request) : FreeMap.NONE;
        }
        return page;
    }

    /// Has the reclaimers free what is not in use, into the pool.
    ///
    /// @param isTrim true if nothing may be left in the caches of other threads
    void shrink(boolean isTrim) {
        shrinkLock.lock();
        try {
            if (isTrim) {
                reclaimers.trim();
            } else {
                reclaimers.shrink();
            }
            flushOwn();
        } finally {
            shrinkLock.unlock();
        }
    }

    /// Empties the magazines of the calling thread into the pool.
    private void flushOwn() {
        StackReserve.ensure();
        int[] cells = magazines.areOpen() ? slots.enter() : null;
        if (cells == null) {
            return;
        }
        int[] runs = null;
        int[] runCounts = null;
        try {
            if (!Magazines.isEmpty(cells)) {
                runs = new int[Magazines.MAX_RUNS];
                runCounts = new int[Magazines.CLASSES];
                Magazines.empty(cells, runs, runCounts);
            }
        } finally {
            BiasedSlots.exit(cells);
        }
        if (runs != null && runCounts != null) {
            pool.giveAll(runs, runCounts);
        }
    }

    private boolean mayFlush() {
        return magazines.areOpen() && magazines.cachedPages() > 0 && ration.allows();
    }

    /// Empties and shuts the magazines of all threads, if one is open.
    void flush() {
        StackReserve.ensure();
        if (!magazines.areOpen()) {
            return;
        }
        flushLock.lock();
        try {
            long begin = System.nanoTime();
            pool.countFlush(drain());
            ration.spent(begin);
        } finally {
            flushLock.unlock();
        }
    }

    /// Looks at the pool and the magazines while no flush moves pages from one to the other.
    <R> R betweenFlushes(Supplier<R> look) {
        flushLock.lock();
        try {
            return look.get();
        } finally {
            flushLock.unlock();
        }
    }

    /// {@return the number of slots that could not be emptied}
    private int drain() {
        slots.suspend();
        try {
            if (region.memory().can(Capability.BARRIER)) {
                region.memory().barrier();
            }
            return magazines.drain(pool::giveAll);
        } catch (SystemCallException e) {
            // without the barrier no slot may be touched; its pages are flushed the next time
            pool.refused(e);
            return 1;
        } finally {
            slots.resume();
        }
    }

    /// Gives the memory of all idle pages back. A batch that the kernel refuses is left out.
    ///
    /// @return the bytes that went
    long decommitAll() {
        DecommitBatch batch = new DecommitBatch(batchPages);
        long pages = 0;
        boolean more = decommits;
        while (more) {
            more = decommitOnce(batch, 0);
            pages += batch.gone();
        }
        return pages << frames.pageSizePower();
    }

    /// Gives the memory of pages back that have been idle for at least `minAge` ticks. A batch that the kernel refuses
    /// begins to age anew.
    ///
    /// @return true if nothing is left to do in this tick
    boolean decommitAged(int minAge, Pace pace) {
        if (!pool.isAging()) {
            return true;
        }
        DecommitBatch batch = new DecommitBatch(batchPages);
        boolean more = true;
        while (more) {
            more = decommitOnce(batch, minAge);
            if (more && pace.isSpent()) {
                return false;
            }
        }
        return true;
    }

    /// Gives back one batch.
    ///
    /// @return true if there may be more
    private boolean decommitOnce(DecommitBatch batch, int minAge) {
        StackReserve.ensure();
        batch.clear();
        boolean more = pool.takeIdle(batch, minAge);
        if (batch.count() > 0) {
            decommit(batch);
        }
        return more;
    }

    private void decommit(DecommitBatch batch) {
        boolean isGone = false;
        SystemCallException failure = null;
        try {
            for (int i = 0; i < batch.count(); i++) {
                batch.addresses[i] = frames.addressOf(batch.page(i));
                batch.byteSizes[i] = (long) batch.pageCount(i) << frames.pageSizePower();
            }
            region.decommit(batch.addresses, batch.byteSizes, batch.count());
            isGone = true;
        } catch (SystemCallException e) {
            failure = e;
        } finally {
            pool.finish(batch, isGone, failure);
            batch.noteGone(isGone);
        }
    }
}
