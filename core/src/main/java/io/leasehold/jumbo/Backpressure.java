package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.ArenaServices;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/// Notices that too many pages are in use, that few are in use again, and that a page is available for a waiting task.
///
/// While too many pages are in use, or a task waits, no page is kept in a shard. Then the number of pages in use is
/// known exactly. The thread that brings this number down to the low watermark notices that. So does the thread that
/// frees the page for a task.
///
/// Armed pages do not count as in use here, because no reader has them.
///
/// **Cost.** Counting the pages in use reads each slot that was ever used, and takes no lock. Pages are counted only
/// while the pressure is high, or the slab pool alone has more outstanding pages than the high watermark. A page that
/// comes to the slab pool notifies as many tasks as there are free pages, not all tasks. One drain serves all tasks:
/// while a task waits, no slot is open, so the other tasks find nothing to drain.
///
/// **Threads.** Thread-safe. `lock` is held for a few loads and stores, or for one count. It is never held while a
/// listener or task is called, or shards are drained.
final class Backpressure {

    private final ArenaServices services; // (C) of the arena
    private final JumboSlabPool<?> slabPool; // (C)
    private final Shards shards; // (C)
    private final ShardCounts shardCounts; // (C)
    private final ShardDrain drain; // (C)
    private final JumboErrors errors; // (C)
    private final Pressure pressure; // (C)
    private final AtomicInteger armedElsewhere = new AtomicInteger(); // (A) by threads that found no slot
    private final IntSupplier freePages = this::freePages; // (C)
    private final ShortLock lock = new ShortLock();

    Backpressure(
            PageArena arena,
            JumboSlabPool<?> slabPool,
            Shards shards,
            ShardCounts shardCounts,
            ShardDrain drain,
            JumboErrors errors,
            Pressure pressure) {
        this.services = ArenaAccess.of(arena);
        this.slabPool = slabPool;
        this.shards = shards;
        this.shardCounts = shardCounts;
        this.drain = drain;
        this.errors = errors;
        this.pressure = pressure;
    }

    /// Arms a page or receives it from a device, and counts it. No reader has an armed page, though it is allocated.
    ///
    /// @throws JumboStateException if the state of the page does not allow it
    void arm(JumboPage<?> page, long handle, boolean isArmed) {
        while (!tryArm(page, handle, isArmed ? 1 : -1)) {
            page.requireArmable(handle, isArmed, errors); // returns if the state allows it by now
        }
        if (isArmed && pressure.isWatched()) {
            VarHandle.fullFence(); // either a thread that sets `high` counts this page, or this thread reads `high`
            if (pressure.isHigh()) {
                relax();
            }
        }
    }

    /// Changes the state of a page, and counts the page in the slot of the calling thread. After the change of state
    /// only the count is stored, so nothing can fail between the two.
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

    /// {@return the number of pages that are leased, deferred or in shards, but not armed}
    private int outstanding() {
        return slabPool.used() - armed();
    }

    /// Checks the watermarks after an allocation from the slab pool.
    ///
    /// @param isExhausted true if the allocation found no page
    void noteAllocated(boolean isExhausted) {
        if (pressure.isWatched() && !pressure.isHigh() && (isExhausted || seemTooMany())) {
            raise(isExhausted);
        }
        if (pressure.hasWaiters() && slabPool.freeCount() > 0) {
            notifyWaiters(); // of the other pages of a slab that was added
        }
    }

    /// {@return true if too many pages seem to be in use, counting those in shards} Armed pages, which take longer to
    /// count, can only reduce the number.
    private boolean seemTooMany() {
        return pressure.isTooMany(slabPool.used()) && pressure.isTooMany(outstanding());
    }

    /// Stops keeping pages in shards, counts the pages in use, and notifies the listener if they are too many.
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
        services.requestDecay(); // a later drain visits slots that are busy now
        lock.lock();
        try {
            int held = outstanding();
            pressure.decide(isExhausted ? !pressure.isFew(held) : pressure.isTooMany(held));
        } finally {
            lock.unlock();
        }
        pressure.notifyListener();
    }

    /// Checks the watermarks and the waiting tasks after a page, or room for one, came to the slab pool.
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

    /// Drains the shards again while the pressure is high or a task waits: a slot that was busy in the last drain may
    /// hold pages.
    ///
    /// @return true if a slot may still hold pages that are needed
    boolean drainAgain() {
        if (!pressure.isPressed() || !drain.run()) {
            return false;
        }
        relax();
        return pressure.isPressed() && shards.areOpen();
    }

    /// {@return true if a task waits for a page}
    boolean hasWaiters() {
        return pressure.hasWaiters();
    }

    /// Runs a task once when a page comes to the slab pool; at once if a page is free.
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
            drain.run(); // afterwards each freed page goes to the slab pool
            services.requestDecay(); // a later drain visits slots that are busy now
            if (slabPool.activate() > 0) {
                notifyWaiters();
            }
            isWaiting = true;
        } finally {
            if (!isWaiting) {
                forget(task); // a caller that gets an exception does not wait
            }
        }
    }

    /// Waits until a page comes to the slab pool.
    ///
    /// @return true if a page came within the time
    boolean await(Duration timeout) throws InterruptedException {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout is negative: timeout=" + timeout + ", min=PT0S");
        }
        CountDownLatch notified = new CountDownLatch(1);
        Runnable task = notified::countDown;
        await(task);
        boolean isNotified = false;
        try {
            isNotified = notified.await(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
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
            notifyWaiters(); // the task was notified meanwhile; the next task can have its page
        }
    }

    /// {@return the number of free pages that waiting tasks can have; the largest number if the pool is closed}
    private int freePages() {
        return drain.isClosed() ? Integer.MAX_VALUE : slabPool.freeCount();
    }

    /// Notifies as many tasks as there are free pages, at least one; all tasks if the pool is closed.
    void notifyWaiters() {
        StackReserve.ensure(); // a task that fails by a stack overflow is not called again
        try {
            pressure.notifyWaiters(freePages);
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
