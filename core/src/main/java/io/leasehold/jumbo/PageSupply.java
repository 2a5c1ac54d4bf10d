package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageReclaimer;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Where pages come from when the magazine of a thread has none, and where they go when they find no place in a shard.
///
/// ```text
///   take   pool of this shard ---> pool ---> other shards, if rich ---> new slab ---> other shards ---> none, counted
///   give   own slot, if it was shut ---> else the slab pool
///   clock  SlabReclaimer
/// ```
///
/// **Cost.** Threads that want a slab while another thread asks the arena share the answer to the next request, if the
/// arena refuses.
///
/// **Threads.** Thread-safe. Lock order: `growLock`, the locks of [ShardDrain], [SlabReclaimer] and [JumboSlabPool].
/// The arena, which may call [SlabReclaimer#shrink] then, is asked for memory under `growLock` alone. None is held
/// while a listener is told.
///
/// @param <T> the type of the object that stands for a page
final class PageSupply<T> {

    /// Other shards are drained before the pool grows if they have this part of all pages.
    private static final int RICH_PART = 8;

    private final PageArena arena; // (C)
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
    private long lastRefused; // (L) growLock, number of the last request that the arena refused
    private volatile long requests; // (L) growLock, requests for a slab that were begun; read without it
    private volatile boolean initialised; // (A) set once, under growLock

    PageSupply(PageArena arena, JumboOptions options, PageTable<T> table, Shards shards, JumboErrors errors) {
        this.arena = arena;
        this.options = options;
        this.table = table;
        this.slabPool = new JumboSlabPool<>(options, table, shards, errors);
        this.shards = shards;
        this.errors = errors;
        this.pressure = new Pressure(options);
        this.shardCounts = new ShardCounts(shards);
        this.drain = new ShardDrain(shards, slabPool);
        this.slabReclaimer = new SlabReclaimer<>(options, slabPool, shards, shardCounts, drain);
        this.backpressure = new Backpressure(arena, slabPool, shards, shardCounts, drain, errors, pressure);
        this.reclaimer = new PoolReclaimer(options.name(), slabReclaimer, backpressure);
        this.report = new JumboReport(options, slabPool, shardCounts);
    }

    /// {@return true if there is all that the options want from the start}
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
            arena.addReclaimer(reclaimer);
            initialised = true;
            return true;
        } finally {
            growLock.unlock();
        }
    }

    /// {@return the handle of a page that is allocated now, or [JumboPage#NONE]}
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
        arena.requestDecay(); // the slot may be open now, and pages may have come to the slabPool
        backpressure.noteAllocated(handle < 0);
        return handle;
    }

    private int cachedPages() {
        return shards.areOpen() ? shardCounts.cachedPages() : 0;
    }

    /// {@return what other threads freed for this shard, or what the slab pool has}
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
        RemoteFreeQueue queue = shards.newQueue(); // thirty-two kilobytes, so outside of the slot
        int[] cells = shards.slots().enter();
        if (cells != null) {
            shards.claim(cells, queue);
            BiasedSlots.exit(cells);
        }
    }

    /// {@return true if there may be a page at home now: an inactive one was activated, or a slab added}
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
                report.refusals.increment(); // refused to a thread that asked after this one came here
                return false;
            }
            return tryAdd();
        } finally {
            growLock.unlock();
        }
    }

    private boolean tryAdd() {
        JumboMemory from = Objects.requireNonNull(memory);
        long request = requests + 1;
        requests = request;
        JumboMemory.Run run = from.tryCarve();
        if (run == null) {
            lastRefused = request;
            report.refusals.increment();
            return false;
        }
        boolean added = false;
        try {
            if (table.hasNumbers(run.address())) {
                slabPool.add(run);
                added = true;
            }
        } finally {
            if (!added) {
                from.unwire(run); // there is no room for its pages on the Java heap, or there are no numbers for them
                from.free(run);
            }
        }
        if (!added) {
            lastRefused = request;
            report.refusals.increment();
        }
        return added;
    }

    /// Opens the slot of the calling thread, so that it can keep the pages that it frees.
    ///
    /// @return true if it was shut
    boolean openSlot() {
        int[] cells = pressure.isPressed() ? null : shards.slots().enter();
        if (cells == null) {
            return false;
        }
        boolean isOpened = shards.open(cells);
        BiasedSlots.exit(cells);
        if (isOpened) {
            arena.requestDecay();
        }
        return isOpened;
    }

    /// Takes a page that was freed and found no place in a shard.
    void give(JumboPage<T> page) {
        shards.depart(page);
        boolean isLeftBehind = slabPool.give(page, pressure.isPressed());
        noteChanged(isLeftBehind);
    }

    /// Takes a page that was freed while it was held, when it is held no more.
    void giveDeferred(JumboPage<T> page) {
        report.deferredFree.decrementAndGet();
        give(page);
    }

    /// Notes that a page was freed while it is held.
    void noteFreeDeferred() {
        report.deferredFree.incrementAndGet();
    }

    /// Notes that a page is its consumer's from now on, whatever becomes of the message.
    void noteFlipped(JumboPage<?> page) {
        shards.depart(page);
    }

    /// Notes that a message was freed whose page is its consumer's.
    void noteMessageFreed() {
        slabPool.countStolen(true);
        backpressure.relax();
    }

    void noteStolen(JumboPage<?> page) {
        shards.depart(page);
        slabPool.countStolen(false);
        backpressure.relax();
    }

    /// Notes that an owner gave a page back.
    ///
    /// @param outcome as [JumboPage#adopt] says
    void noteAdopted(JumboPage<?> page, int outcome) {
        boolean isLeftBehind = slabPool.adopt(page.index(), outcome == JumboPage.FREED);
        noteChanged(isLeftBehind);
    }

    private void noteChanged(boolean isLeftBehind) {
        if (isLeftBehind) {
            slabReclaimer.giveLeftBehind();
        }
        arena.requestDecay();
        backpressure.relax();
    }

    Pressure pressure() {
        return pressure;
    }

    Backpressure backpressure() {
        return backpressure;
    }

    /// {@return true if a page is free; may be stale} Looks at every page in a shard.
    boolean isFree(int page) {
        // pages move both ways between pool and shards; one that comes back meanwhile is found by the second look
        return slabPool.isFreeInSlab(page) || shardCounts.isCached(page) || slabPool.isFreeInSlab(page);
    }

    /// {@return true if a page is free} Waits for threads that have freed a page and not yet put it into their shard.
    boolean isFreeAfterWait(int page) {
        if (isFree(page)) {
            return true;
        }
        drain.awaitSlots();
        return isFree(page);
    }

    /// {@return true if no page is kept in a shard}
    boolean isPressed() {
        return pressure.isPressed();
    }

    /// {@return the bytes of slabs that went to the arena}
    long trim() {
        return slabReclaimer.trim() * arena.options().pageByteSize();
    }

    /// Gives everything back that no page in use needs.
    ///
    /// @param isForced true to do it though pages are in use
    /// @return the number of pages that were in use or stolen
    int close(boolean isForced) {
        int[] out = new int[1];
        growLock.lock();
        try {
            drain.close(() -> out[0] = slabReclaimer.close(isForced));
            arena.removeReclaimer(reclaimer);
        } finally {
            growLock.unlock();
        }
        backpressure.notifyAllWaiters();
        return out[0];
    }

    JumboStats stats(PageExchange.Counts exchanged) {
        return report.stats(backpressure.armed(), exchanged);
    }

    /// What slow paths and background work have done, for tests.
    ///
    /// @param drains number of drains of the shards
    /// @param lockHolds how often the lock of the slab pool was taken
    /// @param looks number of slabs that were looked at by searches and by counts
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

    /// {@return true if `count` threads wait for another one that asks the arena, for tests}
    boolean isGrowing(int count) {
        return growLock.getQueueLength() >= count;
    }

    /// Checks what must always hold; exact only while no other thread uses the pool.
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
        return "PageSupply(%s, %s, %s%s)".formatted(slabPool, shards, pressure, drain.isClosed() ? ", closed" : "");
    }
}
