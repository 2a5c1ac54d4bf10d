package io.leasehold.page;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;

/// Allocates and frees runs that the magazines of the calling thread cannot serve.
///
/// ```text
///   allocate   pool ---> a run: also fill the magazine of the thread       none: FrameReclaimer
///   free       own magazine, if it was shut ---> else half of the magazine, and the run, to the pool
///   await      RunWaiters
/// ```
///
/// **Threads.** Thread-safe; uses `FramePool.lock`.
final class FrameAllocator {

    /// A waiter retries at least this often, since neither space in a parent budget nor pages in the cache of a
    /// reclaimer wake a thread.
    private static final long LOOK_AGAIN_NANOS = 10_000_000;

    private final FramePool pool; // (C)
    private final FrameReclaimer reclaimer; // (C)
    private final PageFrames frames; // (C)
    private final Magazines magazines; // (C)
    private final BiasedSlots slots; // (C) of the magazines
    private final boolean prefault; // (C)
    private final int[] runs = new int[Magazines.MAX_DEPTH]; // (L) `FramePool.lock`; scratch for one magazine

    FrameAllocator(FramePool pool, FrameReclaimer reclaimer, PageFrames frames, Magazines magazines, boolean prefault) {
        this.pool = pool;
        this.reclaimer = reclaimer;
        this.frames = frames;
        this.magazines = magazines;
        this.slots = magazines.slots();
        this.prefault = prefault;
    }

    /// Allocates a run for the calling thread, and fills its magazine with more. Does not wait for other threads to
    /// free pages.
    ///
    /// @param align a power of two, in pages
    /// @return the first page of the run, or [FreeMap#NONE]
    int allocate(int pageCount, int align) {
        StackReserve.ensure(2); // the budget checks the stack too, when the run is taken and more pages are charged
        RunRequest request = RunRequest.anywhere(pageCount, align);
        int page = takeAndRefill(request, align == 1 ? Magazines.classOf(pageCount) : -1);
        return withLength(page < 0 ? reclaimer.find(request, true) : page, pageCount);
    }

    private int takeAndRefill(RunRequest request, int runClass) {
        int page;
        int more = FreeMap.NONE;
        boolean populates;
        boolean populatesMore = false;
        int want = runClass < 0 ? 0 : magazines.capacity(runClass) / 2;
        pool.lock.lock();
        try {
            pool.checkOpen();
            pool.counts.allocations++;
            page = pool.attempt(request);
            populates = page >= 0 && pool.supply.isPopulateDue(request.pageCount);
            if (page >= 0 && want > 0 && pool.waiters.isEmpty()) {
                more = refill(runClass, want);
                populatesMore = more >= 0 && pool.supply.isPopulateDue(want << runClass);
            }
        } finally {
            pool.lock.unlock();
        }
        if (more >= 0 && (!populatesMore || pool.populate(more, want << runClass))) {
            pushRuns(more, runClass, want);
        }
        return page < 0 || !populates || pool.populate(page, request.pageCount) ? page : FreeMap.NONE;
    }

    /// Takes more pages for the magazine while the lock is held, if there is Java heap for that. Guarded by the lock of
    /// the pool.
    ///
    /// @return the first of adjacent pages that the caller may populate without the lock, and pushes, or [FreeMap#NONE]
    private int refill(int runClass, int want) {
        try {
            if (prefault || (pool.supply.isGrowing() && pool.supply.idlePages() == 0)) {
                return pool.supply.carve(want << runClass, 1);
            }
            fill(runClass, want);
        } catch (OutOfMemoryError e) {
            // thrown by a kernel call; the requested page is already allocated
        }
        return FreeMap.NONE;
    }

    /// Fills the magazine of the calling thread with idle pages if there are any, else with adjacent pages. Guarded by
    /// `FramePool.lock`.
    private void fill(int runClass, int want) {
        int count = runClass == 0 ? pool.supply.takeIdleSingles(runs, want) : 0;
        int adjacent = count == 0 ? pool.supply.carve(want << runClass, 1) : FreeMap.NONE;
        for (; adjacent >= 0 && count < want; count++) {
            runs[count] = adjacent + (count << runClass);
        }

        int pushed = 0;
        int[] cells = count > 0 ? slots.enter() : null;
        if (cells != null) {
            open(cells);
            while (pushed < count && Magazines.push(cells, runClass, runs[pushed])) {
                frames.setRun(runs[pushed++], 1 << runClass);
            }
            BiasedSlots.exit(cells);
        }
        for (; pushed < count; pushed++) {
            pool.give(runs[pushed], 1 << runClass);
        }
    }

    /// Pushes adjacent runs on the magazine of the calling thread. The caller does not hold `FramePool.lock`.
    private void pushRuns(int first, int runClass, int count) {
        int pushed = 0;
        int[] cells = slots.enter();
        if (cells != null) {
            open(cells);
            while (pushed < count && Magazines.push(cells, runClass, first + (pushed << runClass))) {
                frames.setRun(first + (pushed++ << runClass), 1 << runClass);
            }
            BiasedSlots.exit(cells);
        }
        if (pushed < count) {
            pool.giveOutside(first + (pushed << runClass), (count - pushed) << runClass);
        }
    }

    private void open(int[] cells) {
        if (magazines.open(cells)) {
            pool.requestWork();
        }
    }

    /// Allocates a run, and waits up to `timeoutNanos` until one is free.
    ///
    /// While a thread waits, the slots of the magazines are suspended. So each free reaches the pool, and no wake-up is
    /// lost. The reclaimers were called just before. The first waiter calls them again at intervals of
    /// [#LOOK_AGAIN_NANOS].
    ///
    /// @return the first page of the run, or [FreeMap#NONE] after the timeout
    int await(int pageCount, int align, long timeoutNanos) throws InterruptedException {
        long begin = System.nanoTime();
        RunRequest request = RunRequest.anywhere(pageCount, align);
        slots.suspend();
        try {
            reclaimer.flush();
            int page = awaitServed(request, align, begin, timeoutNanos);
            boolean isUsable = page >= 0 && (!prefault || pool.populate(page, pageCount));
            return withLength(isUsable ? page : FreeMap.NONE, pageCount);
        } finally {
            slots.resume();
        }
    }

    private int awaitServed(RunRequest request, int align, long begin, long timeoutNanos) throws InterruptedException {
        pool.lock.lockInterruptibly();
        RunWaiters.Waiter waiter = null;
        int page = FreeMap.NONE;
        try {
            pool.counts.waits++;
            waiter = pool.waiters.add(request.pageCount, align, begin);
            waiter.isWoken = true; // no wake-up is needed before the first attempt
            while (true) {
                pool.checkOpen();
                if (pool.waiters.isFirst(waiter)) {
                    pool.waiters.serve(pool.supply::carve);
                    if (waiter.page < 0 && pool.waiters.mayReclaim(System.nanoTime(), LOOK_AGAIN_NANOS)) {
                        waiter.page = findWithoutLock(request);
                    }
                }
                long left = timeoutNanos - (System.nanoTime() - begin);
                if (waiter.page >= 0 || left <= 0) {
                    pool.counts.lostWakeUps += waiter.page >= 0 && !waiter.isWoken ? 1 : 0;
                    page = waiter.page;
                    waiter.page = FreeMap.NONE;
                    return page;
                }
                waiter.isWoken = false;
                waiter.changed.awaitNanos(pool.waiters.isFirst(waiter) ? Math.min(left, LOOK_AGAIN_NANOS) : left);
            }
        } finally {
            if (waiter != null) {
                pool.waiters.remove(waiter);
                if (waiter.page >= 0) {
                    pool.give(
                            waiter.page,
                            waiter.pageCount); // the run was found, but the waiter was interrupted or failed since
                }
            }
            pool.lock.unlock();
        }
    }

    private int findWithoutLock(RunRequest request) {
        pool.lock.unlock();
        try {
            return reclaimer.find(request, true);
        } finally {
            pool.lock.lock();
        }
    }

    /// Frees a run that does not fit in the magazine of the calling thread.
    void free(int page, int pageCount) {
        int runClass = Magazines.classOf(pageCount);
        pool.lock.lock();
        try {
            if (pool.isClosed()) {
                return; // the arena was closed forcibly meanwhile, and the page with it
            }
            pool.counts.frees++;
            int[] cells = runClass >= 0 && pool.waiters.isEmpty() ? slots.enter() : null;
            int count = 0;
            boolean isKept = false;
            if (cells != null) {
                open(cells);
                isKept = Magazines.push(cells, runClass, page);
                if (!isKept) {
                    count = Magazines.takeOlderHalf(cells, runClass, runs);
                    isKept = Magazines.push(cells, runClass, page);
                }
                BiasedSlots.exit(cells);
            }
            for (int i = 0; i < count; i++) {
                pool.give(runs[i], pageCount);
            }
            if (!isKept) {
                pool.give(page, pageCount);
            }
        } finally {
            pool.lock.unlock();
        }
    }

    /// Marks a live run as free, and moves it to the pool or to a magazine that was shut.
    ///
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired or held
    void freeLive(long page) {
        StackReserve.ensure(); // must precede the change of the frame, after which an error would lose the page
        free(FrameLayout.index(page), frames.free(page));
    }

    /// Moves the deferred run of the slot of the calling thread to the pool, if it has one. It stays in the slot for
    /// the next free or flush while the slots are suspended, or if the stack is too short: the run is free already, so
    /// the caller must not see an error.
    void freeDeferred() {
        try {
            StackReserve.ensure(); // must precede the removal from the slot
        } catch (StackOverflowError e) {
            return;
        }
        int[] cells = slots.enter();
        if (cells == null) {
            return;
        }
        int pageCount = Magazines.deferredPages(cells);
        int page = Magazines.takeDeferred(cells);
        BiasedSlots.exit(cells);
        if (pageCount > 0) {
            free(page, pageCount);
        }
    }

    /// Takes the `more` pages that begin at `page`, if they exist, are free and can be charged. Searches magazines, but
    /// does not call reclaimers, because their cached pages are rarely adjacent. A caller that cannot extend a run
    /// allocates a new one, and that path does call reclaimers.
    boolean extend(int page, int more) {
        RunRequest request = RunRequest.at(page, more);
        boolean isBlocked = pool.read((supply, counts, transit) -> supply.isBlocked(page, more));
        return !isBlocked && (pool.tryTake(request) == page || reclaimer.find(request, false) == page);
    }

    /// Closes the pool, unless pages are live and `force` is false.
    ///
    /// @return number of live pages
    int shut(boolean force) {
        slots.suspend();
        boolean isShut = false;
        try {
            reclaimer.flush();
            int live = pool.shut(force);
            isShut = pool.isClosed();
            return live;
        } finally {
            if (!isShut) {
                slots.resume();
            }
        }
    }

    private int withLength(int page, int pageCount) {
        if (page >= 0) {
            frames.setRun(page, pageCount);
        }
        return page;
    }
}
