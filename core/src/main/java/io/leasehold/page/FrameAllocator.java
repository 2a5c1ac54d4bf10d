package io.leasehold.page;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.Region;
import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;

/// The common pool below the magazines: what the threads of an arena share, behind one lock.
///
/// ```text
///   magazines (no lock)
///      | empty or full            under the lock:  idle run first, else a cold one, which is paid for
///      v
///   FrameSupply  <---- idle long enough ---- decommit outside the lock, its pages in transit
/// ```
///
/// **Threads.** Thread-safe; the lock is held for some hundred nanoseconds, never over a decommit. A commit, once in
/// some MiB of new pages, is made under it.
///
/// **Invariants.** I1: `used in map == live + cached in magazines + transit`.
final class FrameAllocator {

    /// A waiter looks again at least this often, since room in a parent budget or stock of a tenant wakes nobody.
    private static final long LOOK_AGAIN_NANOS = 10_000_000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Region region; // (C)
    private final PageFrames frames; // (C)
    private final Magazines magazines; // (C)
    private final BiasedSlots slots; // (C) of the magazines
    private final PageTenants tenants; // (C)
    private final FrameSupply supply; // (L)
    private final FrameCounts counts = new FrameCounts(); // (L)
    private final int[] runs = new int[Integer.SIZE]; // (L) scratch for one magazine
    private final int batchPages; // (C)
    private int transit; // (L) pages being decommitted
    private int waiters; // (L)
    private boolean closed; // (L)
    private volatile int tick; // (A) the age of the world, written by maintenance

    FrameAllocator(
            Region region,
            PageFrames frames,
            Magazines magazines,
            PageTenants tenants,
            FrameSupply supply,
            int framePages) {
        this.region = region;
        this.frames = frames;
        this.magazines = magazines;
        this.slots = magazines.slots();
        this.tenants = tenants;
        this.supply = supply;
        this.batchPages = (int) Math.max(framePages, FrameSupply.STEP_BYTES >>> frames.pageSizePower());
    }

    /// Takes a run for the calling thread and fills up its magazine on the way. Does not wait for other users.
    ///
    /// @param align a power of two, in pages
    /// @return the first page, or [FreeMap#NONE]
    int allocate(int pageCount, int align) {
        lock.lock();
        try {
            checkOpen();
            counts.allocations++;
            int page = supply.carve(pageCount, align);
            if (page < 0) {
                IntSupplier attempt = () -> supply.carve(pageCount, align);
                page = underPressure(attempt);
                page = page < 0 && !tenants.isEmpty() ? fromTenants(attempt) : page;
            } else if (align == 1 && Magazines.classOf(pageCount) >= 0 && waiters == 0) {
                refill(Magazines.classOf(pageCount));
            }
            return handOut(page, pageCount);
        } finally {
            lock.unlock();
        }
    }

    /// Takes a run as soon as there is one, but waits no longer than `timeoutNanos`.
    ///
    /// While anybody waits the magazines are shut, so that each free is seen here and no wake-up is lost. Tenants, who
    /// were asked just before, are asked again from time to time.
    ///
    /// @return the first page, or [FreeMap#NONE] after the timeout
    int allocate(int pageCount, int align, long timeoutNanos) throws InterruptedException {
        IntSupplier attempt = () -> supply.carve(pageCount, align);
        long asked = System.nanoTime();
        long deadline = asked + timeoutNanos;
        lock.lockInterruptibly();
        try {
            waiters++;
            counts.waits++;
            slots.suspend();
            try {
                while (true) {
                    checkOpen();
                    int page = underPressure(attempt);
                    if (page < 0 && !tenants.isEmpty() && System.nanoTime() - asked >= LOOK_AGAIN_NANOS) {
                        page = fromTenants(attempt);
                        asked = System.nanoTime();
                    }
                    long left = deadline - System.nanoTime();
                    if (page >= 0 || left <= 0) {
                        return handOut(page, pageCount);
                    }
                    changed.awaitNanos(Math.min(left, LOOK_AGAIN_NANOS));
                }
            } finally {
                waiters--;
                slots.resume();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Takes back a run that the calling thread's magazine had no room for, and half of that magazine with it.
    void free(int page, int pageCount) {
        lock.lock();
        try {
            if (closed) {
                return; // closed by force meanwhile: the page is gone with the arena
            }
            counts.frees++;
            int runClass = Magazines.classOf(pageCount);
            int[] cells = runClass >= 0 && waiters == 0 ? slots.enter() : null;
            boolean kept = false;
            if (cells != null) {
                int count = Magazines.takeOlderHalf(cells, runClass, runs);
                kept = Magazines.push(cells, runClass, page);
                BiasedSlots.exit(cells);
                giveIdle(0, count, pageCount);
            }
            if (!kept) {
                supply.giveIdle(page, pageCount, tick);
            }
            if (waiters > 0) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Takes the `more` pages that begin at `page`, if they exist, are free and can be paid for. Does not ask tenants,
    /// whose stock is seldom just there: who cannot grow moves, and that asks them if it must.
    boolean extend(int page, int more) {
        lock.lock();
        try {
            checkOpen();
            IntSupplier attempt = () -> supply.isFree(page, more) && supply.take(page, more) ? page : FreeMap.NONE;
            return attempt.getAsInt() == page || underPressure(attempt) == page;
        } finally {
            lock.unlock();
        }
    }

    /// Gives back the memory of pages that have been idle for at least `minAge` ticks, in batches, outside the lock. A
    /// batch that the kernel refuses is left out.
    ///
    /// @return the bytes that went
    long decommitIdle(int minAge) {
        if (!region.memory().can(Capability.DECOMMIT)) {
            return 0;
        }
        DecommitBatch batch = new DecommitBatch(batchPages);
        long pages = 0;
        while (takeIdle(batch, minAge)) {
            pages += decommit(batch) ? batch.warm() : 0;
        }
        return pages << frames.pageSizePower();
    }

    /// Brings the pages of all magazines home.
    void reclaim() {
        lock.lock();
        try {
            if (!closed) {
                drainMagazines();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Sets the clock by which idle pages age.
    void advance(int newTick) {
        tick = newTick;
    }

    /// Shuts the pool, unless pages are live and `force` is not set.
    ///
    /// @return how many pages are live
    int shut(boolean force) {
        lock.lock();
        try {
            while (transit > 0) {
                changed.awaitUninterruptibly();
            }
            if (closed) {
                return 0;
            }
            slots.suspend();
            drainMagazines();
            int live = supply.usedPages() - magazines.cachedPages();
            if (live > 0 && !force) {
                slots.resume();
                return live;
            }
            closed = true;
            changed.signalAll();
            return live;
        } finally {
            lock.unlock();
        }
    }

    /// {@return the first page that nobody ever used, nor any behind it}
    int frontier() {
        return read((pool, slowPaths, moving) -> pool.frontier());
    }

    /// Reads the numbers of one moment.
    <T> T read(Reader<T> reader) {
        lock.lock();
        try {
            return reader.read(supply, counts, transit);
        } finally {
            lock.unlock();
        }
    }

    /// Sees the pool's numbers while nothing changes.
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

    /// Looks wherever a page may still be: in magazines, in memory that idle pages keep charged, behind a decommit.
    private int underPressure(IntSupplier attempt) {
        long refusals = supply.refusals();
        drainMagazines();
        int page = attempt.getAsInt();
        if (page < 0 && supply.shortage() != FrameSupply.Shortage.NO_RUN && supply.idlePages() > 0) {
            lock.unlock();
            try {
                decommitIdle(0);
            } finally {
                lock.lock();
            }
            checkOpen();
            page = attempt.getAsInt();
        }
        while (page < 0 && transit > 0) {
            changed.awaitUninterruptibly();
            checkOpen();
            page = attempt.getAsInt();
        }
        if (page < 0 && supply.refusals() > refusals) {
            supply.blameKernel();
        }
        return page;
    }

    /// Has tenants free what they have in stock, without the lock, which they need, and looks again.
    private int fromTenants(IntSupplier attempt) {
        lock.unlock();
        try {
            tenants.relinquish();
        } finally {
            lock.lock();
        }
        checkOpen();
        return underPressure(attempt);
    }

    /// Fills half of the calling thread's magazine, with idle pages if there are any, else with adjacent ones.
    private void refill(int runClass) {
        int want = magazines.capacity(runClass) / 2;
        int count = runClass == 0 ? supply.takeIdleSingles(runs, want) : 0;
        int adjacent = count == 0 && want > 0 ? supply.carve(want << runClass, 1) : FreeMap.NONE;
        for (; adjacent >= 0 && count < want; count++) {
            runs[count] = adjacent + (count << runClass);
        }
        int pushed = 0;
        int[] cells = count > 0 ? slots.enter() : null;
        if (cells != null) {
            while (pushed < count && Magazines.push(cells, runClass, runs[pushed])) {
                frames.setRun(runs[pushed++], 1 << runClass);
            }
            BiasedSlots.exit(cells);
        }
        giveIdle(pushed, count, 1 << runClass);
    }

    private void giveIdle(int from, int to, int pageCount) {
        for (int i = from; i < to; i++) {
            supply.giveIdle(runs[i], pageCount, tick);
        }
    }

    private int handOut(int page, int pageCount) {
        if (page >= 0) {
            frames.setRun(page, pageCount);
        }
        return page;
    }

    private void drainMagazines() {
        counts.reclaims++;
        slots.suspend();
        try {
            if (region.memory().can(Capability.BARRIER)) {
                region.memory().barrier();
            }
            counts.reclaimFailures += magazines.drain((page, pageCount) -> supply.giveIdle(page, pageCount, tick));
        } catch (OsException e) {
            // without the barrier no slot may be touched; its pages come home next time
            counts.reclaimFailures++;
            supply.refused(e);
        } finally {
            slots.resume();
        }
    }

    private boolean takeIdle(DecommitBatch batch, int minAge) {
        lock.lock();
        try {
            batch.next();
            if (!closed) {
                supply.takeIdle(batch, tick, minAge);
            }
            transit += batch.total();
            return batch.count() > 0;
        } finally {
            lock.unlock();
        }
    }

    private boolean decommit(DecommitBatch batch) {
        long[] addresses = new long[batch.count()];
        long[] byteSizes = new long[batch.count()];
        for (int i = 0; i < batch.count(); i++) {
            addresses[i] = frames.addressOf(batch.page(i));
            byteSizes[i] = (long) batch.pageCount(i) << frames.pageSizePower();
        }
        OsException failure = null;
        try {
            region.decommit(addresses, byteSizes, batch.count());
        } catch (OsException e) {
            failure = e;
        }
        lock.lock();
        try {
            if (failure == null) {
                supply.giveCold(batch);
                counts.decommits += batch.count();
            } else {
                supply.giveBack(batch, tick);
                supply.refused(failure);
                counts.decommitFailures++;
            }
            transit -= batch.total();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return failure == null;
    }

    private void checkOpen() {
        if (closed) {
            throw frames.errors().closed();
        }
    }
}
