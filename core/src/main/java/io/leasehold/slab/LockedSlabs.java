package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import io.leasehold.page.Pace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The slabs of one size behind their lock, and the work on their pages, which is done without it.
///
/// ```text
///   under the lock      take and put blocks; take slabs out; decide which pages of a slab go
///   without the lock    free the runs of those slabs, and those pages
/// ```
///
/// **Threads.** Thread-safe. Pages are neither asked for nor given back under the lock, only unwired. [#beginTick],
/// [#freeSurplus] and [#shrink] are for one thread at a time.
final class LockedSlabs {

    /// Slabs that are looked at under one hold of the lock.
    private static final int SLABS_AT_A_TIME = 16;

    /// In place of a number of pages.
    private static final int NOTHING_TO_PURGE = -1;

    private final SlabMemory memory; // (C)
    private final HeapChanges changes; // (C)
    private final SlabSet<?> slabs; // (L)
    final ShortLock lock = new ShortLock();
    private volatile boolean closed; // (A) written under the lock
    private int minFree; // (L) the fewest free blocks since the last tick
    private int surplus; // (L) blocks that may go in this tick
    private boolean purges; // (L) pages of partly used slabs may go in this tick

    LockedSlabs(SlabSet<?> slabs, SlabMemory memory, HeapChanges changes) {
        this.slabs = slabs;
        this.memory = memory;
        this.changes = changes;
    }

    SlabShape shape() {
        return slabs.shape();
    }

    /// @throws IllegalStateException if the heap is closed
    void checkOpen() {
        if (closed) {
            throw changes.closed();
        }
    }

    /// Takes free blocks, the lowest first. The caller has the lock.
    ///
    /// @return number of blocks that were written to `out`
    int take(int[] out, int most) {
        int count = 0;
        while (count < most) {
            int block = slabs.take();
            if (block < 0) {
                break;
            }
            out[count++] = block;
        }
        return count;
    }

    /// Notes how many blocks are free after some were taken. The caller has the lock.
    ///
    /// @param inDepot blocks that are free outside of slabs
    void noteMinFree(int inDepot) {
        minFree = Math.min(minFree, inDepot + slabs.free());
    }

    /// Puts back blocks that were taken and not used. The caller has the lock.
    void putBack(int[] blocks, int from, int to) {
        for (int i = from; i < to; i++) {
            slabs.put(blocks[i]);
        }
    }

    /// Makes room for many slabs, if it is soon needed. Without the lock, under which it would take too long.
    void prepareToAdd() {
        int wanted = slabs.wantedRows();
        if (wanted > 0) {
            @Nullable Object[] @Nullable [] rows = new Object[wanted][];
            lock.lock();
            try {
                slabs.grow(rows);
            } finally {
                lock.unlock();
            }
        }
    }

    /// Adds a slab. The caller has the lock.
    void add(SlabRun run) {
        slabs.add(run, true);
    }

    /// Adds a slab of a single block, which is out. The caller has the lock.
    ///
    /// @return the block
    int addAllocated(SlabRun run) {
        return slabs.add(run, false);
    }

    /// Takes out the slab of a block that has the slab to itself. The caller has the lock.
    void detach(int block) {
        slabs.detach(block);
    }

    /// Frees blocks, the last one first, and the slabs that are beyond what is retained. The caller has the lock, which
    /// is given up.
    void putAndUnlock(int[] blocks, int count) {
        Slab chain = null;
        try {
            for (int i = count - 1; i >= 0; i--) {
                slabs.put(blocks[i]);
            }
            chain = evict();
        } finally {
            lock.unlock();
        }
        free(chain);
    }

    /// Takes out empty slabs that there is no room to retain, or all after the heap was closed by force. Under the
    /// lock.
    ///
    /// @return the slabs in a chain, for [#free]
    private @Nullable Slab evict() {
        Slab chain = null;
        for (Slab slab = evictOne(); slab != null; slab = evictOne()) {
            chain = link(slab, chain);
        }
        return chain;
    }

    private @Nullable Slab evictOne() {
        return closed ? slabs.removeEmpty(Integer.MAX_VALUE) : slabs.evict();
    }

    private Slab link(Slab slab, @Nullable Slab chain) {
        if (chain == null) {
            changes.beginFreeing(); // under the lock, so that closing the heap sees it
        }
        slab.below = chain;
        return slab;
    }

    /// Frees slabs that were taken out, without the lock.
    ///
    /// @return number of their pages
    private int free(@Nullable Slab chain) {
        if (chain == null) {
            return 0;
        }
        int pages = 0;
        try {
            for (Slab slab = chain; slab != null; slab = slab.below) {
                pages += slab.pages();
                freeRuns(slab);
            }
        } finally {
            changes.endFreeing();
        }
        return pages;
    }

    /// Frees the runs of a slab. Allocates nothing: there may be no room on the Java heap.
    private void freeRuns(Slab slab) {
        List<SlabRun> runs = slab.runs();
        for (int i = 0; i < runs.size(); i++) {
            memory.free(runs.get(i));
        }
    }

    /// Begins a tick: what was not needed since the last one may go, and if that is a quarter of all blocks, the pages
    /// of partly used slabs in which no block is out.
    void beginTick() {
        lock.lockInTurn();
        try {
            surplus = Math.min(minFree, slabs.free());
            purges = surplus > 0 && surplus >= slabs.present() / 4;
            minFree = slabs.free();
        } finally {
            lock.unlock();
        }
    }

    /// Gives back what may go in this tick, empty slabs first, the highest first.
    ///
    /// @return true if all of it went, false if the pace was spent
    boolean freeSurplus(Pace pace) {
        for (Slab chain = removeEmpty(surplus); chain != null; chain = removeEmpty(surplus)) {
            free(chain);
            if (pace.isSpent()) {
                return false;
            }
        }
        while (purges) {
            purges = purgeSome() >= 0;
            if (purges && pace.isSpent()) {
                return false;
            }
        }
        return true;
    }

    /// {@return true if the next tick may have something to give back}
    ///
    /// @param hasChanged true if blocks were freed in the tick that is over, so that they may go in the next one; an
    ///     empty slab that is there after a tick without a change was refused by the kernel
    boolean hasMore(boolean hasChanged) {
        lock.lockInTurn();
        try {
            return hasChanged ? slabs.isReclaimable() : slabs.hasEmpty();
        } finally {
            lock.unlock();
        }
    }

    /// Gives back everything that no lent block needs.
    ///
    /// @param includesParts false to leave partly used slabs alone
    /// @return number of pages
    int shrink(boolean includesParts) {
        int pages = 0;
        for (Slab chain = removeEmpty(Integer.MAX_VALUE); chain != null; chain = removeEmpty(Integer.MAX_VALUE)) {
            pages += free(chain);
        }
        int purged = includesParts ? purgeSome() : NOTHING_TO_PURGE;
        while (purged >= 0) {
            pages += purged;
            purged = purgeSome();
        }
        return pages;
    }

    /// {@return true if there is something that a shrink left alone, or that the kernel refused}
    boolean isReclaimable() {
        return hasMore(true);
    }

    private @Nullable Slab removeEmpty(int most) {
        Slab chain = null;
        int left = most;
        lock.lockInTurn();
        try {
            for (int i = 0; i < SLABS_AT_A_TIME; i++) {
                Slab slab = slabs.removeEmpty(left);
                changes.work.looks++;
                if (slab == null) {
                    break;
                }
                changes.work.slabs++;
                left -= slab.present();
                chain = link(slab, chain);
            }
            changes.work.holds++;
            surplus = Math.max(0, surplus - (most - left));
            minFree = Math.min(minFree, slabs.free());
        } finally {
            lock.unlock();
        }
        return chain;
    }

    /// Looks at some purgeable slabs, and purges the first that has pages to give back.
    ///
    /// @return number of pages that went, or [#NOTHING_TO_PURGE]
    private int purgeSome() {
        SlabPurge purge = null;
        lock.lockInTurn();
        try {
            if (closed || !slabs.hasPurgeable()) { // what is left after a forced close has no lease any more
                return NOTHING_TO_PURGE;
            }
            for (int i = 0; i < SLABS_AT_A_TIME && purge == null && slabs.hasPurgeable(); i++) {
                purge = slabs.beginPurge();
                changes.work.looks++;
            }
            minFree = Math.min(minFree, slabs.free());
            changes.work.holds++;
        } finally {
            lock.unlock();
        }
        return purge == null ? 0 : finish(purge);
    }

    private int finish(SlabPurge purge) {
        try {
            return purge.freePages(memory);
        } finally {
            lock.lockInTurn();
            try {
                slabs.endPurge(purge);
                changes.work.purges++;
                changes.work.holds++;
            } finally {
                lock.unlock();
            }
        }
    }

    /// {@return the number of blocks that are in no slab} The caller has the lock.
    int countTaken() {
        return slabs.present() - slabs.free();
    }

    /// Makes the slabs closed. The caller has the lock.
    void setClosed() {
        closed = true;
    }

    /// Frees all slabs after [#setClosed]. The caller has the lock.
    ///
    /// @param keepsInUse true if the slabs of lent blocks stay until those are released
    /// @throws SystemCallException if the kernel refuses; the slabs are closed, and closing them can be repeated
    void freeAll(boolean keepsInUse) {
        for (Slab slab = slabs.removeAny(keepsInUse); slab != null; slab = slabs.removeAny(keepsInUse)) {
            freeRuns(slab);
        }
    }

    boolean isClosed() {
        return closed;
    }

    /// {@return a snapshot of the numbers}
    ///
    /// @param cached number of free blocks outside of slabs
    SlabHeapStats.SizeClass stats(int cached) {
        lock.lock();
        try {
            int inUse = Math.max(0, slabs.present() - slabs.free() - cached);
            long held = (long) slabs.pages() * memory.pageByteSize();
            int byteSize = slabs.shape().byteSize();
            return new SlabHeapStats.SizeClass(byteSize, slabs.slabCount(), inUse, cached, slabs.free(), held);
        } finally {
            lock.unlock();
        }
    }

    /// Checks what must always hold.
    ///
    /// @param cached number of free blocks outside of slabs
    void checkInvariants(int cached) {
        lock.lock();
        try {
            slabs.checkInvariants();
            if (!closed
                    && slabs.free() + cached > slabs.present()) { // else magazines may have blocks of slabs that went
                throw new AssertionError("I1: cached=" + cached + ", " + slabs);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return slabs.toString();
    }
}
