package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import io.leasehold.page.service.Pace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The slabs of one size class behind their lock, and the work on their pages, which is done without the lock.
///
/// ```text
///   under `lock`      take and put blocks, remove slabs, choose the pages to purge
///   without `lock`    free the runs of removed slabs, and the chosen pages
/// ```
///
/// **Threads.** Thread-safe. Under `lock`, pages are unwired, but neither allocated nor freed, except by [#freeAll].
/// One thread at a time calls [#beginTickAndUnlock], [#freeSurplus] and [#shrink].
final class LockedSlabs {

    /// Maximum number of slabs that are visited while `lock` is held once.
    private static final int SLABS_AT_A_TIME = 16;

    /// Result of a purge instead of a number of pages: no slab is purgeable.
    private static final int NOTHING_TO_PURGE = -1;

    private final SlabMemory memory; // (C)
    private final HeapChanges changes; // (C)
    private final SlabSet<?> slabs; // (L)
    final ShortLock lock = new ShortLock();
    private volatile boolean closed; // (A) written under `lock`
    private int minFree; // (L) fewest free blocks since the last tick
    private int surplus; // (L) blocks that this tick may free
    private boolean purges; // (L) true if this tick may free pages of partly used slabs

    LockedSlabs(SlabSet<?> slabs, SlabMemory memory, HeapChanges changes) {
        this.slabs = slabs;
        this.memory = memory;
        this.changes = changes;
    }

    SlabShape shape() {
        return slabs.shape();
    }

    /// Checks that the heap is open.
    ///
    /// @throws IllegalStateException if the heap is closed
    void checkOpen() {
        if (closed) {
            throw changes.closed();
        }
    }

    /// Takes free blocks, the lowest first. The caller holds `lock`.
    ///
    /// @return number of blocks that were written to `out`, at most `most`
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

    /// Records how many blocks are free after some were taken. The caller holds `lock`.
    ///
    /// @param inDepot number of free blocks in the depot
    void noteMinFree(int inDepot) {
        minFree = Math.min(minFree, inDepot + slabs.free());
    }

    /// Frees blocks that were taken and not used. The caller holds `lock`.
    void putBack(int[] blocks, int from, int to) {
        for (int i = from; i < to; i++) {
            slabs.put(blocks[i]);
        }
    }

    /// Begins to grow the table of slabs if it is nearly full. Called without `lock`, because making the larger array
    /// takes too long.
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

    /// Adds a slab with free blocks. The caller holds `lock`.
    void add(SlabRun run) {
        slabs.add(run, true);
    }

    /// Adds a slab of a single block, which is in use. The caller holds `lock`.
    ///
    /// @return the block
    int addAllocated(SlabRun run) {
        return slabs.add(run, false);
    }

    /// Removes the slab of a block that is alone in its slab. The caller holds `lock`.
    void detach(int block) {
        slabs.detach(block);
    }

    /// Frees blocks, the last one first, and the slabs beyond the limit for retained slabs. The caller holds `lock`,
    /// and this method releases it.
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

    /// Removes the empty slabs beyond the limit, or all empty slabs after a forced close. The caller holds `lock`.
    ///
    /// @return the slabs in a chain, for [#free]
    private @Nullable Slab evict() {
        Slab chain = null;
        while (closed ? slabs.hasEmpty() : slabs.hasExcess()) {
            Slab slab = slabs.removeEmpty(Integer.MAX_VALUE);
            if (slab == null) {
                break; // the kernel failed to unlock its pages
            }
            chain = link(slab, chain);
        }
        return chain;
    }

    private Slab link(Slab slab, @Nullable Slab chain) {
        if (chain == null) {
            changes.beginFreeing(); // under `lock`, so that closing the heap sees it
        }
        slab.below = chain;
        return slab;
    }

    /// Frees removed slabs, without `lock`.
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

    /// Frees the runs of a slab. Allocates nothing on the Java heap, which may be full.
    private void freeRuns(Slab slab) {
        List<SlabRun> runs = slab.runs();
        for (int i = 0; i < runs.size(); i++) {
            memory.free(runs.get(i));
        }
    }

    /// Begins a tick: the blocks that were not needed since the last tick are surplus. If they are at least a quarter
    /// of all blocks, partly used slabs may be purged too. The caller holds `lock`, and this method releases it.
    void beginTickAndUnlock() {
        try {
            surplus = Math.min(minFree, slabs.free());
            purges = surplus > 0 && surplus >= slabs.present() / 4;
            minFree = slabs.free();
        } finally {
            lock.unlock();
        }
    }

    /// Frees the surplus of this tick: empty slabs first, the highest first.
    ///
    /// @return true if all of it was freed, false if the pace was spent
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

    /// {@return true if the next tick may have something to free}
    ///
    /// @param hasChanged true if blocks were freed in this tick, so that the next one may free their memory. If false,
    ///     an empty slab that is still there is one that the kernel failed to unlock
    boolean hasMore(boolean hasChanged) {
        lock.lockInTurn();
        try {
            return hasChanged ? slabs.isReclaimable() : slabs.hasEmpty();
        } finally {
            lock.unlock();
        }
    }

    /// Frees all memory that no block in use needs.
    ///
    /// @param includesParts false if partly used slabs are not purged
    /// @return number of pages that were freed
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

    /// {@return true if a shrink left something that may be freed: a slab that it did not purge, or could not unlock}
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

    /// Visits some purgeable slabs, and purges the first one that has pages to free.
    ///
    /// @return number of pages that were freed, or [#NOTHING_TO_PURGE]
    private int purgeSome() {
        SlabPurge purge = null;
        lock.lockInTurn();
        try {
            if (closed || !slabs.hasPurgeable()) { // after a forced close the slabs have no lease
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

    /// {@return number of blocks that are not free in slabs} The caller holds `lock`.
    int countTaken() {
        return slabs.present() - slabs.free();
    }

    /// Marks the slabs as closed. The caller holds `lock`.
    void setClosed() {
        closed = true;
    }

    /// Frees all slabs. The caller holds `lock`.
    ///
    /// @param keepsInUse true if slabs with taken blocks stay until their last block is released
    /// @throws SystemCallException if the kernel fails to unlock pages; the call can be repeated
    void freeAll(boolean keepsInUse) {
        for (Slab slab = slabs.removeAny(keepsInUse); slab != null; slab = slabs.removeAny(keepsInUse)) {
            freeRuns(slab);
        }
    }

    boolean isClosed() {
        return closed;
    }

    /// Passes a snapshot of the statistics of the size class to a visitor. Allocates nothing.
    ///
    /// @param cached number of free blocks in magazines and in the depot
    /// @param visitor receives them, without the lock, if the class has slabs
    void visit(int cached, SizeClassVisitor visitor) {
        int slabCount;
        int present;
        int free;
        long held;
        lock.lock();
        try {
            slabCount = slabs.slabCount();
            present = slabs.present();
            free = slabs.free();
            held = (long) slabs.pages() * memory.pageByteSize();
        } finally {
            lock.unlock();
        }
        if (slabCount > 0) {
            int byteSize = slabs.shape().byteSize();
            visitor.visit(byteSize, slabCount, Math.max(0, present - free - cached), cached, free, held);
        }
    }

    /// Checks the invariants.
    ///
    /// @param cached number of free blocks in magazines and in the depot
    void checkInvariants(int cached) {
        lock.lock();
        try {
            slabs.checkInvariants();
            if (!closed && slabs.free() + cached > slabs.present()) { // else magazines may have blocks of removed slabs
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
