package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.page.Pace;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageReclaimer;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Where pages come from when the stack of a thread has none, and where they go when they find no place in a shard.
///
/// ```text
///   take   ring of this shard ---> pool ---> other shards, if rich ---> new slab ---> other shards ---> none, counted
///   give   pool ---> slabs not needed ---> arena
/// ```
///
/// While too many pages have holders, or somebody waits for a page, nothing is kept in stock: then how many have is
/// known exactly, and whoever brings it below the low watermark knows, or brings the page that is waited for.
///
/// **Threads.** Thread-safe. Locks are taken in this order: that of growth, that of the slots, which is this, that of
/// the pool. None is held while a listener is told.
///
/// @param <T> what pages are lent as
final class PageSupply<T> {

    /// Other shards are asked before the ring grows if they have this part of all pages in stock.
    private static final int RICH_PART = 8;

    private final PageArena arena; // (C)
    private final JumboOptions options; // (C)
    private final JumboPool<T> pool; // (C)
    private final Shards shards; // (C)
    private final JumboErrors errors; // (C)
    private final Pressure pressure; // (C)
    private final PageReclaimer reclaimer = new Reclaimer();
    private final LongAdder fallbacks = new LongAdder(); // (A)
    private final LongAdder refusals = new LongAdder(); // (A)
    private final LongAdder armedElsewhere = new LongAdder(); // (A) by threads that found no slot
    private final ReentrantLock growLock = new ReentrantLock();
    private volatile @Nullable JumboMemory memory; // (A) set once, under growLock
    private volatile boolean initialised; // (A) set once, under growLock
    private volatile boolean closed; // (A) set once, under this

    PageSupply(PageArena arena, JumboOptions options, JumboPool<T> pool, Shards shards, JumboErrors errors) {
        this.arena = arena;
        this.options = options;
        this.pool = pool;
        this.shards = shards;
        this.errors = errors;
        this.pressure = new Pressure(options);
    }

    /// {@return whether there is all that the options want from the start}
    boolean initialise() {
        return initialised || initialiseSlow();
    }

    private boolean initialiseSlow() {
        growLock.lock();
        try {
            checkOpen();
            JumboMemory from = memory;
            if (from == null) {
                from = new JumboMemory(arena, options.name(), options.slabByteSize());
                memory = from;
                pool.open();
            }
            while (!initialised && pool.inService() < options.initialPages()) {
                if (!tryAdd(from)) {
                    pool.relinquish(from);
                    return false;
                }
            }
            arena.addReclaimer(reclaimer);
            initialised = true;
            return true;
        } finally {
            growLock.unlock();
        }
    }

    /// {@return the token of a page that is lent now, or [JumboPage#NONE]}
    long take() {
        long token = takeShared();
        if (token < 0 && initialise()) {
            int stock = shards.stock();
            if (stock > 0 && stock >= pool.inService() / RICH_PART) {
                bringHome();
                token = takeShared();
            }
            while (token < 0 && grow()) {
                token = takeShared();
            }
            if (token < 0 && shards.stock() > 0) {
                bringHome();
                token = takeShared();
            }
        }
        if (token < 0) {
            fallbacks.increment();
        }
        if (pressure.isWatched() && !pressure.isHigh() && (token < 0 || pressure.isTooMany(withHolders()))) {
            complain(token < 0);
        }
        return token;
    }

    /// {@return what others freed for this shard, or what the pool has}
    private long takeShared() {
        int[] cells = shards.slots().enter();
        if (cells != null) {
            shards.receive(cells);
            long token = shards.lend(cells);
            BiasedSlots.exit(cells);
            if (token >= 0) {
                return token;
            }
        }
        return pool.take(pressure.isPressed());
    }

    /// {@return whether there may be a page at home now: a dormant one was woken, or a slab added}
    private boolean grow() {
        growLock.lock();
        try {
            checkOpen();
            return pool.wake() || (pool.hasRoom() && tryAdd(Objects.requireNonNull(memory)));
        } finally {
            growLock.unlock();
        }
    }

    private boolean tryAdd(JumboMemory from) {
        JumboMemory.Run run = from.tryCarve();
        if (run == null) {
            refusals.increment();
            return false;
        }
        boolean added = false;
        try {
            pool.add(run);
            added = true;
        } finally {
            if (!added) {
                from.free(run); // there is no room for its pages on the Java heap
            }
        }
        return true;
    }

    /// Takes a page that was freed and found no place in a shard.
    void give(JumboPage<T> page) {
        shards.depart(page);
        pool.give(page, pressure.isPressed());
        relax();
    }

    /// Notes that a page is its consumer's from now on, whatever becomes of the message.
    void noteFlipped(JumboPage<?> page) {
        shards.depart(page);
    }

    /// Notes that a message was freed whose page is its consumer's.
    void noteMessageFreed() {
        pool.countStolen(true);
        relax();
    }

    void noteStolen(JumboPage<?> page) {
        shards.depart(page);
        pool.countStolen(false);
        relax();
    }

    /// Notes that an owner gave a page back.
    ///
    /// @param outcome as [JumboPage#adopt] says
    void noteAdopted(JumboPage<?> page, int outcome) {
        pool.adopt(page.index(), outcome == JumboPage.CAME_HOME);
        tellStarved();
    }

    /// Notes that a device has a page more, or fewer: it is no reader's then, though it is out.
    void countArmed(int change) {
        int[] cells = shards.slots().enter();
        if (cells != null) {
            shards.countArmed(cells, change);
            BiasedSlots.exit(cells);
        } else {
            armedElsewhere.add(change);
        }
        if (change > 0 && pressure.isHigh()) {
            relax();
        }
    }

    /// {@return how many pages are armed, of some moment}
    private int armed() {
        return shards.armed() + armedElsewhere.intValue();
    }

    /// {@return how many pages are leased, held or in the stock of shards}
    private int withHolders() {
        return pool.used() - armed();
    }

    Pressure pressure() {
        return pressure;
    }

    /// {@return whether a page is free, of some moment}
    boolean isFree(int page) {
        return pool.isFree(page);
    }

    /// {@return whether nothing is kept in stock}
    boolean isPressed() {
        return pressure.isPressed();
    }

    /// Has a task run once when a page came home that was in nobody's stock; at once if there is one.
    void await(Runnable task) {
        synchronized (this) {
            checkOpen();
            pressure.await(task);
            bringHome(); // who frees a page from now on does it through the pool
        }
        if (pool.wake()) {
            tellStarved();
        }
    }

    /// {@return whether a page came home in time}
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
        pressure.forget(task);
        synchronized (this) {
            pressure.set(pressure.isHigh());
        }
    }

    private void tellStarved() {
        if (pressure.hasStarved()) {
            pressure.tellStarved();
            synchronized (this) {
                pressure.set(pressure.isHigh());
            }
        }
    }

    /// Stops keeping stock, counts what is out, and tells the listener if that is too much.
    private void complain(boolean exhausted) {
        synchronized (this) {
            if (pressure.isHigh() || closed) {
                return;
            }
            pressure.set(true);
            bringHome();
            int held = withHolders();
            pressure.set(exhausted ? !pressure.isFew(held) : pressure.isTooMany(held));
        }
        pressure.tell();
    }

    /// Tells the listener if few pages have holders again, and whoever waits for one.
    private void relax() {
        if (pressure.isHigh() && pressure.isFew(withHolders())) {
            synchronized (this) {
                pressure.set(pressure.isHigh() && !pressure.isFew(withHolders()));
            }
            pressure.tell();
        }
        tellStarved();
    }

    /// Empties all stacks and rings into the pool.
    private synchronized void bringHome() {
        if (!closed) {
            shards.slots().suspend();
            try {
                shards.drain(pool::giveStock);
            } finally {
                shards.slots().resume();
            }
        }
    }

    /// Gives back in the arena's name.
    private final class Reclaimer implements PageReclaimer {

        @Override
        public Progress decay(Pace pace) {
            JumboMemory to = memory;
            if (to == null || closed) {
                return Progress.DONE;
            }
            bringHome();
            pool.settle(to);
            relax(); // a slot that was busy for too long is asked again here
            return Progress.NEXT_TICK;
        }

        @Override
        public int shrink() {
            JumboMemory to = memory;
            if (to == null || closed) {
                return 0;
            }
            bringHome();
            return pool.relinquish(to) * to.runPages();
        }
    }

    /// {@return the bytes of slabs that went to the arena}
    long trim() {
        return reclaimer.shrink() * arena.options().pageByteSize();
    }

    /// Gives everything back.
    ///
    /// @param force whatever is out
    /// @return how many pages were out or stolen
    int close(boolean force) {
        int out;
        growLock.lock();
        try {
            synchronized (this) {
                out = closed ? 0 : closeOnce(force);
            }
        } finally {
            growLock.unlock();
        }
        tellStarved(); // who will find the ring closed
        return out;
    }

    private int closeOnce(boolean force) {
        shards.slots().suspend();
        try {
            shards.drain(pool::giveStock);
            JumboMemory to = memory;
            int out = pool.close(to, force);
            closed = true; // and the slots stay shut
            if (to != null) {
                to.close();
            }
            return out;
        } finally {
            if (!closed) {
                shards.slots().resume();
            }
            if (closed) {
                arena.removeReclaimer(reclaimer);
            }
        }
    }

    /// Not while pages are brought home, each of which is in nobody's stock for a moment and not yet at home.
    synchronized JumboStats stats(PageExchange.Counts exchanged) {
        return pool.stats(fallbacks.sum(), refusals.sum(), exchanged);
    }

    /// Checks what must always hold; exact only while no other thread uses the ring.
    void checkInvariants() {
        pool.checkInvariants();
        JumboStats.Pages pages = stats(new PageExchange.Counts(0, 0)).pages();
        if (!closed && pages.armed() != armed()) {
            throw new AssertionError("armed=%d, counted=%d of %s".formatted(pages.armed(), armed(), this));
        }
    }

    private void checkOpen() {
        if (closed) {
            throw errors.closed();
        }
    }

    @Override
    public String toString() {
        return "PageSupply(%s, %s, %s%s)".formatted(pool, shards, pressure, closed ? ", closed" : "");
    }
}
