package io.leasehold.jumbo;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.FlushRation;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer.Progress;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Gives slabs back to the arena, a few at a time.
///
/// ```text
///   lock of the slab pool   remove some idle slabs from the sets
///   no lock                 unwire their runs; make their pages inactive      the kernel fails: put the slabs back
///   lock of the slab pool   remove the slabs
///   no lock                 free their runs
/// ```
///
/// **Cost.** Two short holds of the lock of the slab pool for [#BATCH] slabs, however many slabs there are. If nothing
/// changed since the last call, [#decay] and [#shrink] read a few words.
///
/// **Threads.** Thread-safe; [#decay] by one thread at a time. `lock` is held for each batch. So a thread that finds no
/// memory waits until slabs on their way are free in the arena. Lock order: `lock`, then `JumboSlabPool.lock` or the
/// locks of the arena.
///
/// @param <T> the type of the object that stands for a page
final class SlabReclaimer<T> {

    /// About 50 us of work, most of it for the words of the pages.
    private static final int BATCH = 8;

    private final JumboOptions options; // (C)
    private final JumboSlabPool<T> slabPool; // (C)
    private final Shards shards; // (C)
    private final ShardCounts shardCounts; // (C)
    private final ShardDrain drain; // (C)
    private final ReentrantLock lock = new ReentrantLock(true); // the holder calls the arena, and may block
    private final FlushRation ration = new FlushRation(); // (C) for shrink()
    private final JumboSlab<T>[] leaving = newBatch(); // (L) scratch, so that freeing slabs needs no Java heap
    private final int[] generations = new int[BATCH]; // (L) scratch
    private volatile @Nullable JumboMemory memory; // (A) set once
    private int owed; // (L) slab pool; number of free pages that may decay in this tick
    private boolean isTickUnfinished; // (O) the thread in [#decay]: the tick is not finished

    SlabReclaimer(
            JumboOptions options, JumboSlabPool<T> slabPool, Shards shards, ShardCounts shardCounts, ShardDrain drain) {
        this.options = options;
        this.slabPool = slabPool;
        this.shards = shards;
        this.shardCounts = shardCounts;
        this.drain = drain;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be created otherwise
    private static <T> JumboSlab<T>[] newBatch() {
        return new JumboSlab[BATCH];
    }

    /// Sets the memory that slabs are freed to.
    void use(JumboMemory slabMemory) {
        memory = slabMemory;
    }

    /// Frees the slabs that were not needed since the last tick, but not the initial slabs.
    ///
    /// @return [Progress#DONE] if no slot is open and no slab can decay before something changes
    Progress decay(Pace pace) {
        JumboMemory to = memory;
        if (to == null || drain.isClosed()) {
            return Progress.DONE;
        }
        StackReserve.ensure(2);
        if (!isTickUnfinished) {
            if (!shards.areOpen() && slabPool.isDecayDone() && !to.hasSpare()) {
                return Progress.DONE;
            }
            int ignored = to.freeSpare();
            drain.run();
            beginTick();
        }
        isTickUnfinished = true;
        while (giveSome(to, false) > 0) {
            if (pace.isSpent()) {
                return Progress.UNFINISHED;
            }
        }
        isTickUnfinished = false;
        return endTick() && !shards.areOpen() && !to.hasSpare() ? Progress.DONE : Progress.NEXT_TICK;
    }

    private void beginTick() {
        slabPool.lockInTurn();
        try {
            owed = Math.min(slabPool.low, spare());
            slabPool.low = slabPool.slabs.freeCount();
        } finally {
            slabPool.unlock();
        }
    }

    /// {@return true if no slab can decay in the next tick before something changes}
    private boolean endTick() {
        slabPool.lockInTurn();
        try {
            boolean isDecayDone = slabPool.slabs.findIdle(spare()) == null;
            if (isDecayDone) {
                slabPool.setDecayDone();
            }
            return isDecayDone;
        } finally {
            slabPool.unlock();
        }
    }

    /// {@return the number of free pages that may decay} Called under the lock of the slab pool.
    private int spare() {
        JumboSlabs<T> slabs = slabPool.slabs;
        return Math.min(slabs.freeCount(), slabs.inService() - slabPool.stolen - options.initialPages());
    }

    /// {@return the bytes of a run that is in no slab, because the kernel did not unlock it; may be stale}
    int spareBytes() {
        JumboMemory of = memory;
        return of == null ? 0 : of.spareBytes();
    }

    /// Moves the pages that the calling thread caches into the slab pool.
    void collectOwn() {
        drain.runOwn();
    }

    /// Frees every slab of which no page is in use, for a request that found no memory. Drains the shards if its ration
    /// allows that.
    ///
    /// @return the number of arena pages that were freed
    int shrink() {
        if (!hasCached() || !ration.allows()) {
            return giveAll(false);
        }
        long begin = System.nanoTime();
        int pages = giveAll(true);
        ration.spent(begin);
        ration.judge(pages > 0);
        return pages;
    }

    /// Frees every slab of which no page is in use. Always drains the shards.
    ///
    /// @return the number of arena pages that were freed
    int trim() {
        return giveAll(hasCached());
    }

    private boolean hasCached() {
        return shards.areOpen() && shardCounts.cachedPages() > 0;
    }

    private int giveAll(boolean drains) {
        JumboMemory from = memory;
        if (from == null || drain.isClosed()) {
            return 0;
        }
        int spare = from.freeSpare();
        boolean isDrained = drains && drain.run();
        if (!isDrained && !slabPool.isReclaimable()) {
            return spare;
        }
        int slabs = 0;
        int more = giveSome(from, true);
        while (more > 0) {
            slabs += more;
            more = giveSome(from, true);
        }
        return spare + slabs * from.runPages();
    }

    /// Frees some idle slabs.
    ///
    /// @param isAll true to free any idle slab; false in background work, for slabs that were not needed
    /// @return the number of slabs; 0 if there was none, or the kernel fails
    private int giveSome(JumboMemory to, boolean isAll) {
        StackReserve.ensure(2);
        lock.lock();
        try {
            int count = takeIdle(isAll);
            int unwired = 0;
            try {
                while (unwired < count) {
                    to.unwire(leaving[unwired].run());
                    unwired++;
                }
            } catch (SystemCallException e) {
                // the kernel does not unlock the remaining runs now
            } finally {
                forget(count, unwired); // before another thread can get a run from the arena
                for (int i = 0; i < count; i++) {
                    if (i < unwired) {
                        to.free(leaving[i].run());
                    }
                    drop(i);
                }
            }
            return unwired;
        } finally {
            lock.unlock();
        }
    }

    /// Drops the reference to a slab that has left, for the garbage collector.
    @SuppressWarnings("NullAway") // elements from the result of [#takeIdle] on are not read
    private void drop(int i) {
        leaving[i] = null;
    }

    /// Frees the slabs that a forced close left, and whose pages have all been released by now.
    void giveLeftBehind() {
        JumboMemory from = memory;
        int more = from == null ? 0 : giveSome(from, true);
        while (from != null && more > 0) {
            more = giveSome(from, true);
        }
    }

    /// {@return the number of slabs in `leaving`}
    private int takeIdle(boolean isAll) {
        int count = 0;
        slabPool.lockInTurn();
        try {
            boolean more = true;
            while (more && count < BATCH) {
                int surplus = isAll ? Integer.MAX_VALUE : Math.min(owed, spare());
                JumboSlab<T> slab = slabPool.slabs.findIdle(surplus);
                more = slab != null;
                if (slab != null) {
                    slabPool.slabs.leave(slab);
                    slabPool.low = Math.min(slabPool.low, slabPool.slabs.freeCount());
                    owed -= isAll ? 0 : slab.freeCount();
                    leaving[count++] = slab;
                }
            }
            return count;
        } finally {
            slabPool.unlock();
        }
    }

    /// Removes the first `unwired` of `count` slabs, and puts the others back.
    private void forget(int count, int unwired) {
        if (count == 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            generations[i] = leaving[i].deactivateAll();
        }
        slabPool.lockInTurn();
        try {
            for (int i = 0; i < count; i++) {
                JumboSlab<T> slab = leaving[i];
                if (i < unwired) {
                    slabPool.counts.shrinks++;
                    slabPool.counts.removedPages += slab.freeCount();
                    slabPool.slabs.forget(slab, generations[i]);
                } else {
                    slabPool.slabs.putBack(slab);
                    slabPool.noteDecayable();
                    slabPool.activateSome();
                }
            }
        } finally {
            slabPool.unlock();
        }
    }

    /// Frees every slab of which no page is in use, for a slab pool that is closed. The other slabs stay until their
    /// pages are released.
    ///
    /// @throws SystemCallException if the kernel fails; calling this again continues
    void close() {
        StackReserve.ensure(2);
        lock.lock();
        try {
            JumboMemory to = memory;
            if (to != null) {
                for (JumboSlab<T> slab = idleSlab(); slab != null; slab = idleSlab()) {
                    to.unwire(slab.run());
                    remove(slab);
                    to.free(slab.run());
                }
                to.close();
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable JumboSlab<T> idleSlab() {
        slabPool.lock();
        try {
            return slabPool.slabs.findIdle(Integer.MAX_VALUE);
        } finally {
            slabPool.unlock();
        }
    }

    private void remove(JumboSlab<T> slab) {
        int generation = slab.deactivateAll();
        slabPool.lock();
        try {
            slabPool.slabs.leave(slab);
            slabPool.slabs.forget(slab, generation);
        } finally {
            slabPool.unlock();
        }
    }

    @Override
    public String toString() {
        return "SlabReclaimer(" + slabPool + ")";
    }
}
