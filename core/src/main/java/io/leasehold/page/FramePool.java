package io.leasehold.page;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import java.util.BitSet;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// The common pool of an arena: the pages that are in no magazine, behind one lock.
///
/// ```text
///   tryTake ----> FrameSupply: idle run first, else a cold one, which is paid for
///   give    ----> FrameSupply, or the RunWaiters, who are told
///   takeIdle, finish    the two halves of a decommit, whose pages are in transit between them
/// ```
///
/// **Threads.** Thread-safe. `lock` is held for some hundred nanoseconds, at most for the bookkeeping of one batch of a
/// decommit (about 50 us), and never over a call of the kernel, except for a commit, once in some MiB of new pages.
/// Slots may be entered under it; it is never taken in a slot.
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
    private int transit; // (L) pages being decommitted
    private boolean isClosed; // (L)
    private volatile int tick; // (A) the age of the world, written by maintenance
    private volatile Runnable request = () -> {}; // (A) set once: asks for background work

    FramePool(FrameSupply supply, PageFrames frames, Magazines magazines, boolean decommits) {
        this.supply = supply;
        this.frames = frames;
        this.magazines = magazines;
        this.decommits = decommits;
        this.waiters = new RunWaiters(lock);
    }

    /// Says what is called when there is something for background work to do.
    void onIdle(Runnable asksForWork) {
        request = asksForWork;
    }

    /// Makes one attempt to take a run, and faults it in where the arena wants that.
    ///
    /// @return the first page, or [FreeMap#NONE]
    int tryTake(RunRequest request) {
        int page;
        lock.lock();
        try {
            checkOpen();
            page = request.attempt(supply);
        } finally {
            lock.unlock();
        }
        return page >= 0 && populate(page, request.pageCount) ? page : FreeMap.NONE;
    }

    /// Makes attempts until one succeeds or no page is in transit.
    ///
    /// @return the first page, or [FreeMap#NONE]
    int takeFromTransit(RunRequest request) {
        int page = FreeMap.NONE;
        lock.lock();
        try {
            while (page < 0 && transit > 0) {
                changed.awaitUninterruptibly();
                checkOpen();
                page = request.attempt(supply);
            }
        } finally {
            lock.unlock();
        }
        return page >= 0 && populate(page, request.pageCount) ? page : FreeMap.NONE;
    }

    /// Faults a run in without the lock, or gives it back, since some of it may hold memory now.
    ///
    /// @return true if the run can be handed out
    boolean populate(int page, int pageCount) {
        SystemCallException failure = supply.populate(page, pageCount);
        if (failure == null) {
            return true;
        }
        lock.lock();
        try {
            give(page, pageCount);
            supply.refused(failure);
        } finally {
            lock.unlock();
        }
        return false;
    }

    /// Notes that the kernel refused a call that was made without the lock.
    void refused(SystemCallException failure) {
        lock.lock();
        try {
            supply.refused(failure);
        } finally {
            lock.unlock();
        }
    }

    /// {@return how often the kernel refused a call}
    long kernelRefusals() {
        return read((pool, slowPaths, moving) -> pool.refusals());
    }

    /// Says that the last request failed because of the kernel, if the kernel refused a call since then.
    ///
    /// @param refusals from [#kernelRefusals] before the request
    void blameKernelAfter(long refusals) {
        lock.lock();
        try {
            if (supply.refusals() > refusals) {
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

    /// Gives a run back, under the lock. After the close it stays in use, since its page has another owner by then.
    void give(int page, int pageCount) {
        if (isClosed) {
            return;
        }
        requestWork(); // before the page gets its age: the clock stands still during a rest
        supply.giveIdle(page, pageCount, tick);
        waiters.tell();
    }

    /// Gives a run back.
    void giveOutside(int page, int pageCount) {
        lock.lock();
        try {
            give(page, pageCount);
        } finally {
            lock.unlock();
        }
    }

    /// Ends the rest of background work, since there is something to do for it.
    void requestWork() {
        request.run();
    }

    /// Gives back what the magazines of one slot held.
    ///
    /// @param runs first pages, class after class
    /// @param runCounts number of runs of each class
    void giveAll(int[] runs, int[] runCounts) {
        lock.lock();
        try {
            int at = 0;
            for (int c = 0; c < runCounts.length; c++) {
                for (int end = at + runCounts[c]; at < end; at++) {
                    give(runs[at], 1 << c);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// Takes a batch of idle pages out of the pool, for a decommit.
    ///
    /// @param minAge ticks since the last use of the pages, or 0 for all
    /// @return true if there may be more pages behind this batch
    boolean takeIdle(DecommitBatch batch, int minAge) {
        lock.lockInTurn();
        try {
            boolean more = !isClosed && supply.takeIdle(batch, tick, minAge);
            transit += batch.total();
            counts.looks += batch.looks();
            return more;
        } finally {
            lock.unlock();
        }
    }

    /// Ends the transit of a batch.
    ///
    /// @param isGone true if the memory is gone
    /// @param failure the error of the kernel, or null if there was none
    void finish(DecommitBatch batch, boolean isGone, @Nullable SystemCallException failure) {
        lock.lockInTurn();
        try {
            if (isGone) {
                supply.giveCold(batch);
                counts.decommits += batch.count();
            } else {
                supply.giveBack(batch, tick);
                counts.decommitFailures++;
            }
            if (failure != null) {
                supply.refused(failure);
            }
            transit -= batch.total();
            changed.signalAll();
            waiters.tell();
        } finally {
            lock.unlock();
        }
    }

    /// Shuts the pool, unless pages are live and `force` is not set. The magazines are shut and flushed.
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
                waiters.tellAll();
            }
            return live;
        } finally {
            lock.unlock();
        }
    }

    /// Lets the age of idle pages follow the clock.
    void advance(int newTick) {
        tick = newTick;
    }

    /// {@return true if idle pages wait to become old enough for a decommit}
    ///
    /// Reads under the lock. A thread that frees pages holds the lock from before it ends the rest of the arena until
    /// the pages age. So the maintenance thread, which marks the arena as resting before it calls this, either finds
    /// the pages here or is woken by that thread.
    boolean isAging() {
        return decommits && read((pool, slowPaths, moving) -> pool.isAging());
    }

    boolean isClosed() {
        return isClosed;
    }

    /// {@return the first page that was never used, nor any behind it}
    int frontier() {
        return read((pool, slowPaths, moving) -> pool.frontier());
    }

    /// {@return the pages that are in use, in a magazine or being decommitted}
    BitSet pagesInUse() {
        return read((pool, slowPaths, moving) -> pool.pagesInUse());
    }

    void checkOpen() {
        if (isClosed) {
            throw frames.errors().closed();
        }
    }

    /// Reads numbers that belong together.
    <T> T read(Reader<T> reader) {
        lock.lock();
        try {
            return reader.read(supply, counts, transit);
        } finally {
            lock.unlock();
        }
    }

    /// Sees the numbers of the pool while nothing changes.
    @FunctionalInterface
    interface Reader<T> {
        T read(FrameSupply supply, FrameCounts counts, int transit);
    }

    /// Checks what must always hold; exact only while no other thread uses the arena.
    void checkInvariants() {
        lock.lock();
        try {
            supply.checkInvariants(transit);
            int[] live = new int[1];
            frames.forEachLive(supply.frontier(), page -> live[0] += frames.run(FrameLayout.index(page)));
            int cached = magazines.cachedPages();
            if (supply.usedPages() != live[0] + cached + transit) {
                throw new AssertionError("I1: used=%d, live=%d, cached=%d, transit=%d"
                        .formatted(supply.usedPages(), live[0], cached, transit));
            }
        } finally {
            lock.unlock();
        }
    }
}
