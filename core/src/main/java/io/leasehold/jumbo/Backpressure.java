package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Notices that too many pages have holders, that few have again, and that there is a page for a task that waits.
///
/// While too many pages have holders, or a task waits, no page is kept in a shard. Then the number with holders is
/// known exactly, and the thread that brings it below the low watermark knows, or brings the page that is waited for.
///
/// **Cost.** Counting the pages with holders looks at each slot that was ever used, and takes no lock. It is done only
/// while the pressure is high, or the pool alone has more pages out than the high watermark. A page that comes to the
/// pool tells as many tasks as there are pages at home, not all that wait. One drain serves all tasks: while one waits
/// no slot is open, so the others find nothing to drain.
///
/// **Threads.** Thread-safe. `lock` is held for a few loads and stores, or for one count, and never while a listener or
/// task is called, or shards are drained.
final class Backpressure {

    private final PageArena arena; // (C)
    private final JumboSlabPool<?> pool; // (C)
    private final Shards shards; // (C)
    private final ShardCensus census; // (C)
    private final ShardDrain drain; // (C)
    private final JumboErrors errors; // (C)
    private final Pressure pressure; // (C)
    private final AtomicInteger armedElsewhere = new AtomicInteger(); // (A) by threads that found no slot
    private final ShortLock lock = new ShortLock();

    Backpressure(
            PageArena arena,
            JumboSlabPool<?> pool,
            Shards shards,
            ShardCensus census,
            ShardDrain drain,
            JumboErrors errors,
            Pressure pressure) {
        this.arena = arena;
        this.pool = pool;
        this.shards = shards;
        this.census = census;
        this.drain = drain;
        this.errors = errors;
        this.pressure = pressure;
    }

    /// Gives a page to a device, or takes it back, and counts it: no reader has it then, though it is allocated.
    ///
    /// @throws JumboStateException if the page is in no state for it
    void arm(JumboPage<?> page, long handle, boolean isArmed) {
        while (!tryArm(page, handle, isArmed ? 1 : -1)) {
            page.requireArmable(handle, isArmed, errors); // returns if the thread that was in the way is gone by now
        }
        if (isArmed && pressure.isWatched()) {
            VarHandle.fullFence(); // a thread that sees the pressure as high counts this page, or this one sees it
            if (pressure.isHigh()) {
                relax();
            }
        }
    }

    /// Counts a page in the slot in which its state changes: what follows the change of the state is a store.
    private boolean tryArm(JumboPage<?> page, long handle, int change) {
        int[] cells = shards.slots().enter();
        if (cells == null) {
            StackReserve.ensure();
            boolean isDone = page.tryArm(handle, change > 0);
            armedElsewhere.addAndGet(isDone ? change : 0);
            return isDone;
        }
        try {
            boolean isDone = page.tryArm(handle, change > 0);
            shards.countArmed(cells, isDone ? change : 0);
            return isDone;
        } finally {
            BiasedSlots.exit(cells);
        }
    }

    /// {@return the number of armed pages; may be stale}
    int armed() {
        return census.armed() + armedElsewhere.get();
    }

    /// {@return the number of pages that are leased, held or in shards}
    private int withHolders() {
        return pool.used() - armed();
    }

    /// Notices an allocation that had to go to the pool.
    ///
    /// @param isExhausted true if it found no page
    void noteAllocated(boolean isExhausted) {
        if (pressure.isWatched() && !pressure.isHigh() && (isExhausted || seemTooMany())) {
            complain(isExhausted);
        }
        if (pressure.hasWaiters() && pool.freeCount() > 0) {
            tellWaiters(); // of the rest of a slab that was added
        }
    }

    /// {@return true if too many pages have holders, as far as can be said while some are in shards} Armed pages, which
    /// take longer to count, can only make them fewer.
    private boolean seemTooMany() {
        return pressure.isTooMany(pool.used()) && pressure.isTooMany(withHolders());
    }

    /// Stops keeping pages in shards, counts what has holders, and tells the listener if that is too much.
    private void complain(boolean isExhausted) {
        StackReserve.ensure();
        lock.lock();
        try {
            if (drain.isClosed() || !pressure.presume()) {
                return;
            }
        } finally {
            lock.unlock();
        }
        drain.run();
        lock.lock();
        try {
            int held = withHolders();
            pressure.decide(isExhausted ? !pressure.isFew(held) : pressure.isTooMany(held));
        } finally {
            lock.unlock();
        }
        pressure.tellListener();
    }

    /// Notices a page, or a place for one, that came to the pool: tells the listener if few pages have holders again,
    /// and tasks that wait.
    void relax() {
        if (pressure.isHigh() && pressure.isFew(withHolders())) {
            StackReserve.ensure();
            lock.lock();
            try {
                if (pressure.isHigh()) {
                    pressure.decide(!pressure.isFew(withHolders()));
                }
            } finally {
                lock.unlock();
            }
            pressure.tellListener();
        }
        if (pressure.hasWaiters()) {
            tellWaiters();
        }
    }

    /// {@return true if a task waits for a page}
    boolean hasWaiters() {
        return pressure.hasWaiters();
    }

    /// Has a task run once when a page came to the pool; at once if there is one.
    void await(Runnable task) {
        StackReserve.ensure(2);
        lock.lock();
        try {
            checkOpen();
            pressure.await(task);
        } finally {
            lock.unlock();
        }
        if (drain.isClosed() && pressure.forget(task)) {
            throw errors.closed();
        }
        boolean isWaiting = false;
        try {
            drain.run(); // a page that is freed from now on goes to the pool
            arena.requestDecay(); // which looks again at slots that are busy now
            if (pool.wake() > 0) {
                tellWaiters();
            }
            isWaiting = true;
        } finally {
            if (!isWaiting) {
                forget(task); // a caller that gets an error does not wait
            }
        }
    }

    /// {@return true if a page came to the pool in time}
    boolean await(long timeoutNanos) throws InterruptedException {
        if (timeoutNanos < 0) {
            throw new IllegalArgumentException("time is negative: timeoutNanos=" + timeoutNanos);
        }
        CountDownLatch told = new CountDownLatch(1);
        Runnable task = told::countDown;
        await(task);
        boolean isTold = false;
        try {
            isTold = told.await(timeoutNanos, TimeUnit.NANOSECONDS);
        } finally {
            if (!isTold) {
                forget(task);
            }
        }
        checkOpen();
        return isTold;
    }

    private void forget(Runnable task) {
        if (pressure.forget(task)) {
            update();
        } else if (pressure.hasWaiters()) {
            tellWaiters(); // it was told after all, of a page that the next one can have
        }
    }

    private void tellWaiters() {
        tellWaiters(Math.max(1, pool.freeCount()));
    }

    /// Tells tasks that the ring is closed.
    void tellAllWaiters() {
        tellWaiters(Integer.MAX_VALUE);
    }

    private void tellWaiters(int count) {
        StackReserve.ensure(); // a task that is called without room is told nothing, and is not told again
        try {
            pressure.tellWaiters(count);
        } finally {
            if (!pressure.hasWaiters()) {
                update();
            }
        }
    }

    private void update() {
        lock.lock();
        try {
            pressure.update();
        } finally {
            lock.unlock();
        }
    }

    private void checkOpen() {
        if (drain.isClosed()) {
            throw errors.closed();
        }
    }

    @Override
    public String toString() {
        return "Backpressure(" + pressure + ")";
    }
}
