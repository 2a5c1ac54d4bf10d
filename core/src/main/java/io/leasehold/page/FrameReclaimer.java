package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.SystemCallException;
import io.leasehold.event.FlightEvents;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.FlushRation;
import io.leasehold.memory.Region;
import io.leasehold.memory.SharedRun;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.Pace;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Gets pages back from magazines, from the reclaimers above, and by decommits of idle pages.
///
/// ```text
///   find       own magazine ---> all magazines ---> decommits, if memory is short ---> reclaimers ---> retry
///              ---> other arenas, if the budget refused ---> retry
///   flush      all magazines, to the pool
///   decommit   idle pages, to the kernel, one batch at a time
/// ```
///
/// **Cost.** [#find] skips each part that cannot help: a magazine that is shut is empty, and a reclaimer in which
/// nothing changed only loads a few words. A flush interrupts all running threads, so [FlushRation] limits how often
/// requests may flush. Therefore a request may miss a run that another thread freed to its own magazine within the last
/// few hundred microseconds. No request misses a page that the calling thread freed, or that is in the pool. A request
/// that waits misses none.
///
/// **Threads.** Thread-safe. Lock order: `shrinking`, `flushLock`, `FramePool.lock`. No thread takes one of these
/// inside a slot.
final class FrameReclaimer {

    /// Maximum size in bytes of a batch. The pages of a batch cannot be allocated during its decommit.
    static final long BATCH_BYTES = 2 << 20;

    /// More than the tables that are charged with a request.
    private static final long TABLES_BYTES = 64 << 10;

    private static final int MIN_BATCH_PAGES = 16;
    private static final int MAX_ROUNDS = 3;

    private final FramePool pool; // (C)
    private final Region region; // (C)
    private final PageFrames frames; // (C)
    private final Magazines magazines; // (C)
    private final BiasedSlots slots; // (C) of the magazines
    private final PageReclaimers reclaimers; // (C)
    private final MemoryBudget budget; // (C)
    private final int framePages; // (C)
    private final int batchPages; // (C)
    private final boolean decommits; // (C)
    private final ReentrantLock flushLock = new ReentrantLock();
    private volatile boolean isFlushing; // (L) flushLock; read without it

    /// A run lasts until the pages that reclaimers freed are in the pool. Threads that find no page at the same time
    /// share one run.
    private final SharedRun shrinking = new SharedRun(this::shrinkAndFlush);

    private final FlushRation ration = new FlushRation(); // (C)
    private final FlushRation askRation = new FlushRation(); // (C) for requests to other arenas

    FrameReclaimer(
            FramePool pool,
            Region region,
            PageFrames frames,
            Magazines magazines,
            PageReclaimers reclaimers,
            MemoryBudget budget,
            int framePages) {
        this.pool = pool;
        this.region = region;
        this.frames = frames;
        this.magazines = magazines;
        this.slots = magazines.slots();
        this.reclaimers = reclaimers;
        this.budget = budget;
        this.framePages = framePages;
        this.batchPages = (int) Math.max(framePages, BATCH_BYTES >>> frames.pageSizePower());
        this.decommits = region.memory().can(Capability.DECOMMIT);
    }

    /// Finds a run for a request that found none in the pool.
    ///
    /// @param callsReclaimers true if the reclaimers above may be called
    /// @return the first page of the run, or [FreeMap#NONE]
    int find(RunRequest request, boolean callsReclaimers) {
        long failures = pool.kernelFailures();
        int page = findBelow(request);
        if (page < 0 && callsReclaimers && !reclaimers.isEmpty()) {
            reclaimers.collectOwn();
            shrinking.run();
            page = findBelow(request);
        }
        if (page < 0 && callsReclaimers && request.isRefusedByBudget() && askRation.allows()) {
            page = findWithNeighbours(request);
        }
        if (page < 0) {
            pool.blameKernelAfter(failures);
        }
        return page;
    }

    /// Has other arenas on the budget decommit memory for the request.
    private int findWithNeighbours(RunRequest request) {
        long begin = System.nanoTime();
        long byteSize = ((long) request.pageCount << frames.pageSizePower()) + TABLES_BYTES;
        boolean mayFit = Neighbours.ofProcess().collect(budget, byteSize);
        int page = mayFit ? pool.tryTake(request) : FreeMap.NONE;
        askRation.spent(begin);
        askRation.judge(page >= 0);
        return page;
    }

    private int findBelow(RunRequest request) {
        flushOwn();
        boolean mayBeFlushed = isFlushing; // must follow flushOwn, which skips a slot that a flush has suspended
        int page = pool.tryTake(request);
        if (page < 0 && mayBeFlushed) {
            boolean ignored = betweenFlushes(() -> true); // the pages of this thread are in the pool then
            page = pool.tryTake(request);
        }
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

    /// Decommits idle pages so that the request finds memory. A decommit of another thread is not visible before it is
    /// finished, and may leave idle pages that are needed too. Hence the rounds.
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

    /// Decommits idle pages until the request finds a run. It decommits no more than the request needs, since other
    /// requests can use idle pages at no cost.
    private int decommitFor(RunRequest request) {
        int atLeast = Math.max(framePages, MIN_BATCH_PAGES);
        DecommitBatch batch = new DecommitBatch(Math.clamp(request.pageCount, atLeast, Math.max(atLeast, batchPages)));
        int page = FreeMap.NONE;
        boolean more = true;
        while (more && page < 0) {
            more = decommitOnce(batch, false);
            page = batch.count() > 0 ? pool.tryTake(request) : FreeMap.NONE;
        }
        return page;
    }

    private void shrinkAndFlush() {
        reclaimers.shrink();
        flushOwn();
    }

    /// Frees all pages that reclaimers do not use, also those in the caches of all threads, to the pool.
    void trim() {
        reclaimers.trim();
        flushOwn();
    }

    /// Flushes the magazines of the calling thread to the pool.
    void flushOwn() {
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
                runCounts = new int[Magazines.CLASSES + 1];
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

    /// Flushes and shuts the magazines of all threads, if one is open.
    void flush() {
        StackReserve.ensure();
        if (!magazines.areOpen()) {
            return;
        }
        flushLock.lock();
        try {
            long begin = System.nanoTime();
            isFlushing = true;
            pool.countFlush(drain());
            ration.spent(begin);
        } finally {
            isFlushing = false;
            flushLock.unlock();
        }
    }

    /// Calls `look` while no flush moves pages from magazines to the pool.
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
            // without the barrier no slot may be accessed; the pages are flushed the next time
            pool.noteFailure(e);
            return 1;
        } finally {
            slots.resume();
        }
    }

    /// Decommits all idle pages. Skips a batch whose decommit fails.
    ///
    /// @return number of bytes that were decommitted
    long decommitAll() {
        return decommitUpTo(Long.MAX_VALUE);
    }

    private long decommitUpTo(long byteSize) {
        DecommitBatch batch = new DecommitBatch(batchPages);
        long decommitted = 0;
        boolean more = decommits;
        while (more && decommitted < byteSize) {
            more = decommitOnce(batch, false);
            decommitted += (long) batch.decommittedPages() << frames.pageSizePower();
        }
        return decommitted;
    }

    /// Decommits pages that are not in use, because another arena needs memory. Pages in the caches of threads stay.
    ///
    /// @param byteSize number of bytes that are enough
    /// @return number of bytes that were decommitted
    long giveIdle(long byteSize) {
        long decommitted = decommitUpTo(byteSize);
        if (decommitted < byteSize && !reclaimers.isEmpty()) {
            shrinking.run();
            decommitted += decommitUpTo(byteSize - decommitted);
        }
        return decommitted;
    }

    /// Decommits the pages that were idle for more than a decay. The pages of a batch whose decommit fails begin to age
    /// again.
    ///
    /// @return true if this tick has no more work
    boolean decommitAged(Pace pace) {
        if (!pool.isAging()) {
            return true;
        }
        DecommitBatch batch = new DecommitBatch(batchPages);
        boolean more = true;
        while (more) {
            more = decommitOnce(batch, true);
            if (more && pace.isSpent()) {
                return false;
            }
        }
        return true;
    }

    /// Decommits one batch of idle pages.
    ///
    /// @param isAgedOnly true for pages that were idle for more than a decay, false for all idle pages
    /// @return true if there may be more such pages
    private boolean decommitOnce(DecommitBatch batch, boolean isAgedOnly) {
        StackReserve.ensure(2);
        batch.clear();
        boolean more = pool.takeIdle(batch, isAgedOnly);
        if (batch.count() > 0) {
            decommit(batch);
        }
        return more;
    }

    private void decommit(DecommitBatch batch) {
        boolean isDecommitted = false;
        SystemCallException failure = null;
        long begin = System.nanoTime();
        try {
            for (int i = 0; i < batch.count(); i++) {
                batch.addresses[i] = frames.addressOf(batch.page(i));
                batch.byteSizes[i] = (long) batch.pageCount(i) << frames.pageSizePower();
            }
            region.decommit(batch.addresses, batch.byteSizes, batch.count());
            isDecommitted = true;
        } catch (SystemCallException e) {
            failure = e;
        } finally {
            pool.finish(batch, isDecommitted, failure);
            batch.noteDecommitted(isDecommitted);
        }
        long byteSize = (long) batch.total() << frames.pageSizePower();
        FlightEvents.pagesDecommitted(
                reclaimers.arena(), batch.count(), byteSize, System.nanoTime() - begin, isDecommitted);
    }
}
