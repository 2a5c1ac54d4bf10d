package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.event.FlightEvents;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.ArenaServices;
import io.leasehold.page.service.PageReclaimer;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The slow path of a pool: where pages come from when a magazine is empty, and where they go if no shard takes them.
///
/// ```text
///   take   queue of this shard ---> slab pool ---> other shards, if rich ---> new slab ---> other shards ---> none
///   give   own slot, if it was shut ---> else the slab pool
///   clock  SlabReclaimer
/// ```
///
/// **Cost.** While a thread asks the arena for a slab, other threads that want one wait. If the next request fails, all
/// of them share this failure.
///
/// **Threads.** Thread-safe. Lock order: `growLock`, `ShardDrain.lock`, `SlabReclaimer.lock`, then `JumboSlabPool.lock`
/// or `JumboMemory.lock`. The arena is asked for memory under `growLock` alone, and may call [SlabReclaimer#shrink]
/// then. No lock but that of the notifications is held while a listener is notified.
///
/// @param <T> the type of the object that stands for a page
final class PageSupply<T> {

    /// Other shards are drained before the pool grows if they have at least this fraction of all pages: 1 / 8.
    private static final int RICH_PART = 8;

    /// Layers that check the stack when the last page of a slab comes back to a closed pool: the lease ends, and the
    /// run is freed.
    private static final int LATE_LAYERS = 4;

    private final PageArena arena; // (C)
    private final ArenaServices services; // (C) of the arena
    private final JumboOptions options; // (C)
    private final PageTable<T> table; // (C)
    private final JumboSlabPool<T> slabPool; // (C)
    private final Shards shards; // (C)
    private final JumboErrors errors; // (C)
    private final Pressure pressure; // (C)
    private final ShardCounts shardCounts; // (C)
    private final ShardDrain drain; // (C)
    private final SlabReclaimer<T> slabReclaimer; // (C)
    private final Backpressure backpressure; // (C)
    private final JumboReport report; // (C)
    private final PageReclaimer reclaimer; // (C)
    private final ReentrantLock growLock = new ReentrantLock();
    private @Nullable JumboMemory memory; // (L) growLock, set once
    private long lastRefused; // (L) growLock, number of the last request that failed
    private volatile long requests; // (L) growLock, requests for a slab that were begun; read without it
    private volatile boolean initialised; // (A) set once, under growLock

    PageSupply(PageArena arena, JumboOptions options, PageTable<T> table, Shards shards, JumboErrors errors) {
        this.arena = arena;
        this.services = ArenaAccess.of(arena);
        this.options = options;
        this.table = table;
        this.slabPool = new JumboSlabPool<>(options, table, shards, errors);
        this.shards = shards;
        this.errors = errors;
        this.pressure = new Pressure(options);
        this.shardCounts = new ShardCounts(shards);
        this.drain = new ShardDrain(shards, slabPool, services.virtualMemory());
        this.slabReclaimer = new SlabReclaimer<>(options, slabPool, shards, shardCounts, drain);
        this.backpressure = new Backpressure(arena, slabPool, shards, shardCounts, drain, errors, pressure);
        this.reclaimer = new PoolReclaimer(options.name(), slabReclaimer, backpressure);
        this.report = new JumboReport(options, slabPool, shardCounts);
    }

    /// Allocates the initial pages if that has not been done.
    ///
    /// @return true if all initial pages are allocated
    boolean initialise() {
        return initialised || initialiseSlow();
    }

    private boolean initialiseSlow() {
        growLock.lock();
        try {
            checkOpen();
            if (memory == null) {
                memory = new JumboMemory(arena, options.name(), options.slabByteSize());
                slabReclaimer.use(memory);
            }
            while (!initialised && slabPool.inService() < options.initialPages()) {
                if (!tryAdd()) {
                    slabReclaimer.shrink();
                    return false;
                }
            }
            services.addReclaimer(reclaimer);
            initialised = true;
            return true;
        } finally {
            growLock.unlock();
        }
    }

    /// Allocates a page.
    ///
    /// @return the handle of the page, or [JumboPage#NONE]
    long take() {
        StackReserve.ensure(2);
        long handle = takeShared();
        if (handle < 0 && initialise()) {
            int cached = cachedPages();
            if (cached > 0 && cached >= slabPool.inService() / RICH_PART) {
                drain.run();
                handle = takeShared();
            }
            while (handle < 0 && grow()) {
                handle = takeShared();
            }
            if (handle < 0 && cachedPages() > 0) {
                drain.run();
                handle = takeShared();
            }
        }
        if (handle < 0) {
            report.fallbacks.increment();
        }
        services.requestDecay(); // the slot may be open now, and pages may have come to the slab pool
        backpressure.noteAllocated(handle < 0);
        return handle;
    }

    private int cachedPages() {
        return shards.areOpen() ? shardCounts.cachedPages() : 0;
    }

    /// {@return the handle of a page that other threads freed for this shard, or of a page of the slab pool, or
    /// [JumboPage#NONE]}
    private long takeShared() {
        int[] cells = shards.slots().enter();
        if (cells != null) {
            long handle;
            boolean wantsQueue;
            try {
                shards.receive(cells);
                handle = shards.tryAllocate(cells);
                wantsQueue = Shards.wantsQueue(cells);
            } finally {
                BiasedSlots.exit(cells);
            }
            if (handle >= 0) {
                return handle;
            }
            if (wantsQueue) {
                giveQueue();
            }
        }
        return slabPool.take(pressure);
    }

    private void giveQueue() {
        RemoteFreeQueue queue = shards.newQueue(); // up to 32 KiB, so outside of the slot
        int[] cells = shards.slots().enter();
        if (cells != null) {
            shards.claim(cells, queue);
            BiasedSlots.exit(cells);
        }
    }

    /// Activates an inactive page, or adds a slab.
    ///
    /// @return true if a page may be free in its slab now
    private boolean grow() {
        long begun = requests;
        growLock.lock();
        try {
            checkOpen();
            int free = slabPool.activate();
            if (free != 0) {
                return free > 0;
            }
            if (lastRefused > begun) {
                report.refusals.increment(); // a request that began after this call failed
                return false;
            }
            return tryAdd();
        } finally {
            growLock.unlock();
        }
    }

    private boolean tryAdd() {
        long request = requests + 1;
        requests = request;
        boolean isAdded = addSlab(Objects.requireNonNull(memory));
        if (!isAdded) {
            lastRefused = request;
            report.refusals.increment();
        }
        return isAdded;
    }

    private boolean addSlab(JumboMemory from) {
        JumboMemory.Run run = from.tryCarve();
        boolean isAdded = false;
        try {
            if (run != null && table.hasNumbers(run.address())) {
                slabPool.add(run);
                isAdded = true;
                FlightEvents.ringGrew(options.name(), options.slabByteSize(), options.pagesPerSlab(), run.address());
            }
        } finally {
            if (run != null && !isAdded) {
                from.giveUp(run); // the Java heap is full, or there are no numbers for the pages
            }
        }
        return isAdded;
    }

    /// Opens the slot of the calling thread, so that the thread can keep the pages that it frees.
    ///
    /// @return true if the slot was shut
    boolean openSlot() {
        int[] cells = pressure.isPressed() ? null : shards.slots().enter();
        if (cells == null) {
            return false;
        }
        boolean isOpened = shards.open(cells);
        BiasedSlots.exit(cells);
        if (isOpened) {
            services.requestDecay();
        }
        return isOpened;
    }

    /// Checks the stack for a page that comes back. If the pool was closed by force, the slab of the page may be freed
    /// too.
    void ensureStack() {
        StackReserve.ensure(drain.isClosed() ? LATE_LAYERS : 2);
    }

    /// Returns a freed page that no shard took to the slab pool.
    void give(JumboPage<T> page) {
        shards.depart(page);
        boolean isLeftBehind = slabPool.give(page, pressure.isPressed());
        noteChanged(isLeftBehind);
    }

    /// Completes a deferred free, when the page is not held any more.
    void giveDeferred(JumboPage<T> page) {
        report.deferredFree.decrementAndGet();
        give(page);
    }

    /// Counts a deferred free: a page was freed while it is held.
    void noteFreeDeferred() {
        report.deferredFree.incrementAndGet();
    }

    /// Removes the owner shard of a page that was flipped to its consumer.
    void noteFlipped(JumboPage<?> page) {
        shards.depart(page);
    }

    /// Counts a message that was freed after its page was flipped.
    void noteMessageFreed() {
        slabPool.countStolen(true);
        backpressure.relax();
    }

    /// Counts a page that was stolen, and removes its owner shard.
    void noteStolen(JumboPage<?> page) {
        shards.depart(page);
        slabPool.countStolen(false);
        backpressure.relax();
    }

    /// Returns a page to the pool that its owner gave back.
    ///
    /// @param outcome the result of [JumboPage#adopt]
    void noteAdopted(JumboPage<?> page, int outcome) {
        boolean isLeftBehind = slabPool.adopt(page.index(), outcome == JumboPage.FREED);
        noteChanged(isLeftBehind);
    }

    private void noteChanged(boolean isLeftBehind) {
        if (isLeftBehind) {
            drain.runLate();
            slabReclaimer.giveLeftBehind();
        }
        services.requestDecay();
        backpressure.relax();
    }

    Pressure pressure() {
        return pressure;
    }

    Backpressure backpressure() {
        return backpressure;
    }

    /// {@return true if a page is free; may be stale} Reads every page in a shard.
    boolean isFree(int page) {
        // pages move both ways between slab pool and shards; the second look finds a page that came back meanwhile
        return slabPool.isFreeInSlab(page) || shardCounts.isCached(page) || slabPool.isFreeInSlab(page);
    }

    /// {@return true if a page is free} Waits for threads that have freed a page and not yet pushed it into their
    /// shard.
    boolean isFreeAfterWait(int page) {
        if (isFree(page)) {
            return true;
        }
        drain.awaitSlots();
        return isFree(page);
    }

    /// {@return true if no page may be kept in a shard}
    boolean isPressed() {
        return pressure.isPressed();
    }

    /// {@return the bytes of slabs that were freed to the arena}
    long trim() {
        return slabReclaimer.trim() * arena.options().pageByteSize();
    }

    /// Closes the pool and frees all slabs of which no page is in use.
    ///
    /// The pool is closed for all its users first: no page is allocated, and no task waits. Only then memory is given
    /// back. If that fails, the pool stays closed, and a repeated call continues.
    ///
    /// @param isForced true to close the pool even if pages are in use
    /// @return the number of pages that were in use or stolen
    int close(boolean isForced) {
        StackReserve.ensure(LATE_LAYERS); // of the tasks too, which are notified after an error
        growLock.lock();
        try {
            int out = drain.close(() -> slabPool.shut(isForced));
            slabReclaimer.close();
            services.removeReclaimer(reclaimer);
            return out;
        } finally {
            growLock.unlock();
            if (drain.isClosed()) {
                backpressure.notifyWaiters();
            }
        }
    }

    JumboStats stats(PageExchange.Counts exchanged) {
        return report.stats(backpressure.armed(), slabReclaimer.spareBytes(), exchanged);
    }

    /// The work of slow paths and of background work, for tests.
    ///
    /// @param drains number of drains of the shards
    /// @param lockHolds number of times that the lock of the slab pool was taken
    /// @param looks number of slabs that searches and counts read
    record Work(long drains, long lockHolds, long looks) {}

    Work work() {
        return slabPool.work(drain.drains());
    }

    /// {@return the callbacks of the arena, for tests}
    PageReclaimer reclaimer() {
        return reclaimer;
    }

    Shards shards() {
        return shards;
    }

    /// {@return true if at least `count` threads wait for a thread that asks the arena, for tests}
    boolean isGrowing(int count) {
        return growLock.getQueueLength() >= count;
    }

    /// Checks the invariants. Exact only while no other thread uses the pool.
    void checkInvariants() {
        report.checkInvariants(backpressure.armed());
    }

    private void checkOpen() {
        if (drain.isClosed()) {
            throw errors.closed();
        }
    }

    @Override
    public String toString() {
        return format("PageSupply(%s, %s, %s%s)", slabPool, shards, pressure, drain.isClosed() ? ", closed" : "");
    }
}
