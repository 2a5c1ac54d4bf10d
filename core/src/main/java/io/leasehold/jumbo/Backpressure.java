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
/// while the pressure is high, or the slab pool alone has more pages out than the high watermark. A page that comes to the
/// slab pool tells as many tasks as there are pages at home, not all that wait. One drain serves all tasks: while one waits
/// no slot is open, so the others find nothing to drain.
///
/// **Threads.** Thread-safe. `lock` is held for a few loads and stores, or for one count, and never while a listener or
/// task is called, or shards are drained.
final class Backpressure {

    private final PageArena arena; // (C)
    private final JumboSlabPool<?> slabPool; // (C)
    private final Shards shards; // (C)
    private final ShardCounts shardCounts; // (C)
    private final ShardDrain drain; // (C)
    private final JumboErrors errors; // (C)
    private final Pressure pressure; // (C)
    private final AtomicInteger armedElsewhere = new AtomicInteger(); // (A) by threads that found no slot
    private final ShortLock lock = new ShortLock();

    Backpressure(
            PageArena arena,
            JumboSlabPool<?> slabPool,
            Shards shards,
            ShardCounts shardCounts,
            ShardDrain drain,
            JumboErrors errors,
            Pressure pressure) {
        this.arena = arena;
        this.slabPool = slabPool;
        this.shards = shards;
        this.shardCounts = shardCounts;
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
        return shardCounts.armed() + armedElsewhere.get();
    }

    /// {@return the number of pages that are leased, held or in shards}
    private int outstanding() {
        return slabPool.used() - armed();
    }

    /// Notices an allocation that had to go to the slab pool.
    ///
    /// @param isExhausted true if it found no page
    void noteAllocated(boolean isExhausted) {
        if (pressure.isWatched() && !pressure.isHigh() && (isExhausted || seemTooMany())) {
            raise(isExhausted);
        }
        if (pressure.hasWaiters() && slabPool.freeCount() > 0) {
            notifyWaiters(); // of the rest of a slab that was added
        }
    }

    /// {@return true if too many pages have holders, as far as can be said while some are in shards} Armed pages, which
    /// take longer to count, can only make them fewer.
    private boolean seemTooMany() {
        return pressure.isTooMany(slabPool.used()) && pressure.isTooMany(outstanding());
    }

    /// Stops keeping pages in shards, counts what has holders, and tells the listener if that is too much.
    private void raise(boolean isExhausted) {
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
            int held = outstanding();
            pressure.decide(isExhausted ? !pressure.isFew(held) : pressure.isTooMany(held));
        } finally {
            lock.unlock();
        }
        pressure.notifyListener();
    }

    /// Notices a page, or a place for one, that came to the slab pool: tells the listener if few pages have holders again,
    /// and tasks that wait.
    void relax() {
        if (pressure.isHigh() && pressure.isFew(outstanding())) {
            StackReserve.ensure();
            lock.lock();
            try {
                if (pressure.isHigh()) {
                    pressure.decide(!pressure.isFew(outstanding()));
                }
            } finally {
                lock.unlock();
            }
            pressure.notifyListener();
        }
        if (pressure.hasWaiters()) {
            notifyWaiters();
        }
    }

    /// {@return true if a task waits for a page}
    boolean hasWaiters() {
        return pressure.hasWaiters();
    }

    /// Has a task run once when a page came to the slab pool; at once if there is one.
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
            drain.run(); // a page that is freed from now on goes to the slabPool
            arena.requestDecay(); // which looks again at slots that are busy now
            if (slabPool.activate() > 0) {
                notifyWaiters();
            }
            isWaiting = true;
        } finally {
            if (!isWaiting) {
                forget(task); // a caller that gets an error does not wait
            }
        }
    }

    /// {@return true if a page came to the slab pool in time}
    boolean await(long timeoutNanos) throws InterruptedException {
        if (timeoutNanos < 0) {
            throw new IllegalArgumentException("time is negative: timeoutNanos=" + timeoutNanos);
        }
        CountDownLatch notified = new CountDownLatch(1);
        Runnable task = notified::countDown;
        await(task);
        boolean isNotified = false;
        try {
            isNotified = notified.await(timeoutNanos, TimeUnit.NANOSECONDS);
        } finally {
            if (!isNotified) {
                forget(task);
            }
        }
        checkOpen();
        return isNotified;
    }

    private void forget(Runnable task) {
        if (pressure.forget(task)) {
            update();
        } else if (pressure.hasWaiters()) {
            notifyWaiters(); // it was notified after all, of a page that the next one can have
        }
    }

    private void notifyWaiters() {
        notifyWaiters(Math.max(1, slabPool.freeCount()));
    }

    /// Tells tasks that the pool is closed.
    void notifyAllWaiters() {
        notifyWaiters(Integer.MAX_VALUE);
    }

    private void notifyWaiters(int count) {
        StackReserve.ensure(); // a task that is called without room is notified nothing, and is not notified again
        try {
            pressure.notifyWaiters(count);
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
