package io.leasehold.page;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import java.util.BitSet;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// The common pool of an arena: the pages that are in no magazine, guarded by one lock.
///
/// ```text
///   tryTake ----> FrameSupply: an idle run first, else a cold one, which is charged
///   give    ----> FrameSupply, and wakes the first of the RunWaiters
///   takeIdle, finish    begin and end of a decommit; its pages are in transit between them
/// ```
///
/// **Threads.** Thread-safe. `lock` is held for some hundred nanoseconds, and for the bookkeeping of one decommit batch
/// for at most about 50 us. It is not held during a kernel call, except for a commit, once in several MiB of new pages,
/// and to wake or start the maintenance thread.
/// A thread may enter a slot while it holds `lock`, and never takes `lock` inside a slot.
///
/// **Invariants.** I1: `used in map == live + cached in magazines + transit`.
final class FramePool {

    final ShortLock lock = new ShortLock();
    final FrameSupply supply; // (L)
    final FrameCounts counts = new FrameCounts(); // (L)
    final RunWaiters waiters; // (L)
    private final PageFrames frames; // (C)
    private final Magazines magazines; // (C)
    private final boolean decommits; // (C)
    private final Condition changed = lock.newCondition();
    private int transit; // (L) number of pages that are being decommitted
    private boolean isClosed; // (L), read without it by checks that are repeated under it
    private volatile int tick; // (A) the clock for the age of idle pages, in ticks; written by maintenance
    private volatile Runnable request = () -> {}; // (A) set once: requests background work

    FramePool(FrameSupply supply, PageFrames frames, Magazines magazines, boolean decommits) {
        this.supply = supply;
        this.frames = frames;
        this.magazines = magazines;
        this.decommits = decommits;
        this.waiters = new RunWaiters(lock);
    }

    /// Sets the callback that requests background work.
    void onIdle(Runnable requestsWork) {
        request = requestsWork;
    }

    /// Tries once to allocate a run, and faults it in if that is due.
    ///
    /// @return the first page of the run, or [FreeMap#NONE]
    int tryTake(RunRequest request) {
        int page;
        boolean populates;
        lock.lock();
        try {
            checkOpen();
            page = attempt(request);
            populates = page >= 0 && supply.isPopulateDue(request.pageCount);
        } finally {
            lock.unlock();
        }
        return page < 0 || !populates || populate(page, request.pageCount) ? page : FreeMap.NONE;
    }

    /// Tries to allocate a run. The caller holds `lock`.
    ///
    /// @return the first page of the run, or [FreeMap#NONE]
    int attempt(RunRequest request) {
        supply.noteTick(tick);
        return request.attempt(supply);
    }

    /// Tries to allocate a run until that succeeds or no page is in transit. Tries once in any case: pages that were in
    /// transit at the last attempt may be free by now.
    ///
    /// @return the first page of the run, or [FreeMap#NONE]
    int takeFromTransit(RunRequest request) {
        int page;
        boolean populates;
        lock.lock();
        try {
            checkOpen();
            page = attempt(request);
            while (page < 0 && transit > 0) {
                changed.awaitUninterruptibly();
                checkOpen();
                page = attempt(request);
            }
            populates = page >= 0 && supply.isPopulateDue(request.pageCount);
        } finally {
            lock.unlock();
        }
        return page < 0 || !populates || populate(page, request.pageCount) ? page : FreeMap.NONE;
    }

    /// Faults in a run without the lock. If that fails, frees the run, which may hold some memory now.
    ///
    /// @return true if the run can be used
    boolean populate(int page, int pageCount) {
        SystemCallException failure = supply.populate(page, pageCount);
        if (failure == null) {
            return true;
        }
        lock.lock();
        try {
            give(page, pageCount);
            supply.noteFailure(failure);
        } finally {
            lock.unlock();
        }
        return false;
    }

    /// Records a failed kernel call that was made without the lock.
    void noteFailure(SystemCallException failure) {
        lock.lock();
        try {
            supply.noteFailure(failure);
        } finally {
            lock.unlock();
        }
    }

    /// {@return number of failed kernel calls}
    long kernelFailures() {
        return read((pool, slowPaths, moving) -> pool.failures());
    }

    /// Reports the kernel as the reason why the last request failed, if a kernel call failed since then.
    ///
    /// @param failures value of [#kernelFailures] before the request
    void blameKernelAfter(long failures) {
        lock.lock();
        try {
            if (supply.failures() > failures) {
                supply.blameKernel();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Counts a flush of all magazines.
    ///
    /// @param failures number of slots that could not be emptied
    void countFlush(int failures) {
        lock.lock();
        try {
            counts.reclaims++;
            counts.reclaimFailures += failures;
        } finally {
            lock.unlock();
        }
    }

    /// Frees a run. Guarded by `lock`. After the close the run stays in use, since its pages may belong to another
    /// arena by then.
    void give(int page, int pageCount) {
        if (isClosed) {
            return;
        }
        requestWork(); // before the page gets its age: the clock does not advance while the arena rests
        supply.giveIdle(page, pageCount, tick);
        waiters.wakeFirst();
    }

    /// Frees a run. The caller does not hold `lock`.
    void giveOutside(int page, int pageCount) {
        lock.lock();
        try {
            give(page, pageCount);
        } finally {
            lock.unlock();
        }
    }

    /// Requests background work, which ends the rest of the arena.
    void requestWork() {
        request.run();
    }

    /// Frees the runs that one slot held, as [Magazines#empty] writes them.
    void giveAll(int[] runs, int[] runCounts) {
        lock.lock();
        try {
            int at = 0;
            for (int c = 0; c < Magazines.CLASSES; c++) {
                for (int end = at + runCounts[c]; at < end; at++) {
                    give(runs[at], 1 << c);
                }
            }
            if (runCounts[Magazines.CLASSES] > 0) {
                give(runs[at], runCounts[Magazines.CLASSES]);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Takes a batch of idle pages out of the pool, for a decommit.
    ///
    /// @param isAgedOnly true for pages that were idle for more than a decay, false for all idle pages
    /// @return true if there may be more such pages
    boolean takeIdle(DecommitBatch batch, boolean isAgedOnly) {
        lock.lockInTurn();
        try {
            boolean more = !isClosed && supply.takeIdle(batch, tick, isAgedOnly);
            transit += batch.total();
            counts.looks += batch.looks();
            return more;
        } finally {
            lock.unlock();
        }
    }

    /// Ends the decommit of a batch: its pages are free again.
    ///
    /// @param isDecommitted true if the decommit succeeded
    /// @param failure the exception of the kernel call, or null if there was none
    void finish(DecommitBatch batch, boolean isDecommitted, @Nullable SystemCallException failure) {
        lock.lockInTurn();
        try {
            if (isDecommitted) {
                supply.giveCold(batch);
                counts.decommits += batch.count();
            } else {
                supply.giveBack(batch, tick);
                counts.decommitFailures++;
            }
            if (failure != null) {
                supply.noteFailure(failure);
            }
            transit -= batch.total();
            changed.signalAll();
            waiters.wakeFirst();
        } finally {
            lock.unlock();
        }
    }

    /// Closes the pool, unless pages are live and `force` is false. The caller has shut and flushed the magazines.
    ///
    /// @return number of live pages
    int shut(boolean force) {
        lock.lock();
        try {
            while (transit > 0) {
                changed.awaitUninterruptibly();
            }
            if (isClosed) {
                return 0;
            }
            int live = supply.usedPages() - magazines.cachedPages();
            if (force || live <= frames.owners().leftBehind().pageCount()) {
                isClosed = true;
                waiters.wakeAll();
            }
            return live;
        } finally {
            lock.unlock();
        }
    }

    /// Sets the clock for the age of idle pages.
    void advance(int newTick) {
        tick = newTick;
    }

    /// {@return number of bytes of the pages that are live, in a magazine, or being decommitted}
    long usedBytes() {
        return read((pool, slowPaths, moving) -> (long) pool.usedPages() << frames.pageSizePower());
    }

    /// {@return true if there are idle pages that are not old enough for a decommit}
    ///
    /// Reads under `lock`. A thread that frees pages holds `lock` from before it requests background work until the
    /// pages have an age. The maintenance thread marks the arena as resting before it calls this. So it either finds
    /// the pages here, or that thread wakes it. `RestFlagStress` checks the handshake.
    boolean isAging() {
        return decommits && read((pool, slowPaths, moving) -> pool.isAging());
    }

    boolean isClosed() {
        return isClosed;
    }

    /// {@return the length of the longest run of free pages, or 0 after the close} Guarded by `lock`. After the close
    /// the memory of the tables may be unmapped, and an access would end the process.
    int longestFreeRun() {
        return isClosed ? 0 : supply.longestFreeRun();
    }

    /// {@return the frontier: neither this page nor any page behind it was ever used}
    int frontier() {
        return read((pool, slowPaths, moving) -> pool.frontier());
    }

    /// {@return the pages that are live, in a magazine, or being decommitted}
    BitSet pagesInUse() {
        return read((pool, slowPaths, moving) -> pool.pagesInUse());
    }

    void checkOpen() {
        if (isClosed) {
            throw frames.errors().closed();
        }
    }

    /// Reads several numbers under `lock`, so that they are consistent.
    <T> T read(Reader<T> reader) {
        lock.lock();
        try {
            return reader.read(supply, counts, transit);
        } finally {
            lock.unlock();
        }
    }

    /// Reads the state of the pool while `lock` is held.
    @FunctionalInterface
    interface Reader<T> {
        T read(FrameSupply supply, FrameCounts counts, int transit);
    }

    /// Checks the invariants; exact only while no other thread uses the arena.
    void checkInvariants() {
        lock.lock();
        try {
            supply.checkInvariants(transit);
            waiters.checkInvariants();
            int[] live = new int[1];
            frames.forEachLive(supply.frontier(), page -> live[0] += frames.run(FrameLayout.index(page)));
            int cached = magazines.cachedPages();
            if (supply.usedPages() != live[0] + cached + transit) {
                throw new AssertionError(format(
                        "I1: used=%d, live=%d, cached=%d, transit=%d", supply.usedPages(), live[0], cached, transit));
            }
        } finally {
            lock.unlock();
        }
    }
}
