package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer.Progress;
import io.leasehold.slab.Depot.Batch;
import java.util.concurrent.atomic.AtomicInteger;

/// The free blocks of one size class that all threads share: a depot between the magazines, and the slabs behind it.
///
/// ```text
///   magazine of a thread  <---- half a magazine ---->  Depot  <---- batch ---->  LockedSlabs, the lowest slab first
///        (no lock)                                    (no lock)                    (under their lock)
/// ```
///
/// **Waiting.** A release does not wait for the lock of the slabs. If another thread holds it, the blocks stay in the
/// depot, beyond its limit if necessary. A thread that takes or frees blocks under the lock frees this excess after it
/// has released the lock. The releasing thread pushes and then tries the lock; the other thread unlocks and then looks
/// into the depot. So one of the two always frees the batch (`DepotStress`). Excess that background work leaves is
/// freed in the next tick. An allocation first looks into the depot, then tries the lock for some microseconds.
/// [SlabHeap] then tries the next larger size classes before it waits or carves a slab.
///
/// The exception is a release for which no batch can be made, because the Java heap is full, there are too many
/// batches, or the heap was closed by force. It waits for the lock.
///
/// **Threads.** Thread-safe. A slot may be entered under the lock. Inside a slot only [#collect] takes the lock, if no
/// batch can be made. One thread at a time calls [#decay] and [#shrink].
///
/// **Invariants.** I1: the number of free blocks (in slabs, depot and magazines) is at most the number of blocks.
final class ClassPool {

    /// Result instead of a block: another thread holds the lock.
    static final int BUSY = MagazineLayout.NONE - 1;

    private final SlabMemory memory; // (C)
    private final MagazineLayout layout; // (C)
    private final HeapChanges changes; // (C)
    private final int sizeClass; // (C)
    private final int byteSize; // (C)
    private final int half; // (C) number of blocks in half a magazine
    private final Depot depot; // (C)
    private final LockedSlabs slabs; // (C)
    private final int[] scratch; // (L) lock of `slabs`; one block, and half a magazine

    /// Number of threads that look for pages to carve a slab of this size class. They need the blocks that are freed
    /// meanwhile. So partly used slabs are not purged then.
    private final AtomicInteger carvers = new AtomicInteger(); // (A)

    ClassPool(SlabSet<?> set, SlabMemory memory, MagazineLayout layout, HeapChanges changes, int sizeClass) {
        this.memory = memory;
        this.layout = layout;
        this.changes = changes;
        this.sizeClass = sizeClass;
        this.byteSize = set.shape().byteSize();
        int depth = layout.depth(sizeClass);
        this.half = (depth + 1) / 2;
        this.depot = new Depot(half + 1, depth, byteSize);
        this.slabs = new LockedSlabs(set, memory, changes);
        this.scratch = new int[half + 1];
    }

    /// Takes a free block, and up to half a magazine of further blocks for the calling thread. Tries the lock for some
    /// microseconds at most.
    ///
    /// @return the block, [MagazineLayout#NONE], or [#BUSY]
    /// @throws IllegalStateException if the heap is closed
    int tryTake(BiasedSlots slots) {
        slabs.checkOpen();
        Batch batch = depot.pop();
        if (batch != null) {
            return unpack(batch, slots);
        }
        return slabs.lock.trySpinning() ? takeAndUnlock(slots) : BUSY;
    }

    /// Takes a free block, and up to half a magazine of further blocks for the calling thread.
    ///
    /// @return the block, or [MagazineLayout#NONE]
    /// @throws IllegalStateException if the heap is closed
    int take(BiasedSlots slots) {
        int block = tryTake(slots);
        if (block != BUSY) {
            return block;
        }
        slabs.lock.lock();
        return takeAndUnlock(slots);
    }

    private int takeAndUnlock(BiasedSlots slots) {
        try {
            slabs.checkOpen();
            return takeFromSlabs(slots);
        } finally {
            slabs.lock.unlock();
            freeExcess();
        }
    }

    /// Takes one block, and further ones for the magazine of the calling thread. The caller holds the lock.
    private int takeFromSlabs(BiasedSlots slots) {
        int[] cells = half == 0 ? null : slots.enter();
        boolean _ = cells != null && changes.noteOpened(layout.open(cells));
        int count = slabs.take(scratch, 1 + (cells == null ? 0 : layout.refill(cells, sizeClass)));
        int block = count == 0 ? MagazineLayout.NONE : scratch[0]; // the lowest; the next ones are allocated next
        if (cells != null) {
            while (count > 1 && layout.push(cells, sizeClass, scratch[count - 1])) {
                count--;
            }
            BiasedSlots.exit(cells);
            slabs.putBack(scratch, 1, count);
        }
        depot.noteTaker();
        changes.requestDecay();
        slabs.noteMinFree(depot.size());
        return block;
    }

    /// Takes one block of a batch, and further ones for the magazine of the calling thread.
    private int unpack(Batch batch, BiasedSlots slots) {
        int block = batch.blocks[--batch.size];
        int[] cells = batch.size == 0 || half == 0 ? null : slots.enter();
        if (cells != null) {
            boolean _ = changes.noteOpened(layout.open(cells));
            int want = layout.refill(cells, sizeClass);
            while (batch.size > 0 && want-- > 0 && layout.push(cells, sizeClass, batch.blocks[batch.size - 1])) {
                batch.size--;
            }
            BiasedSlots.exit(cells);
        }
        changes.requestDecay();
        push(batch);
        return block;
    }

    /// Takes a block of a new slab. If no run is long enough for a whole slab, the new slab has the pages of a single
    /// block.
    ///
    /// @return the block, or [MagazineLayout#NONE]
    /// @throws IllegalStateException if the heap is closed
    int carve(BiasedSlots slots) {
        SlabShape shape = slabs.shape();
        int least = Math.ceilDiv(byteSize, memory.pageByteSize());
        slabs.prepareToAdd();
        SlabRun run;
        carvers.incrementAndGet();
        try {
            run = memory.carve(shape.pages());
            if (run == null && least < shape.pages()) {
                run = memory.carve(least);
            }
        } finally {
            carvers.decrementAndGet();
        }
        return run == null ? MagazineLayout.NONE : add(run, slots);
    }

    /// Adds a slab, and takes a block as [#take] does.
    int add(SlabRun run, BiasedSlots slots) {
        boolean isAdded = false;
        slabs.lock.lock();
        try {
            slabs.checkOpen();
            slabs.add(run);
            isAdded = true;
            return takeFromSlabs(slots);
        } finally {
            slabs.lock.unlock();
            changes.mark(sizeClass);
            if (!isAdded) {
                memory.giveUp(run); // closed meanwhile, or the Java heap is full
            }
            freeExcess();
        }
    }

    /// Frees a block for which the magazine of the calling thread has no space, and half of the magazine with it.
    void free(int block, BiasedSlots slots) {
        Batch batch = slabs.isClosed() ? null : depot.newBatch();
        if (batch == null) { // closed, or no batch can be made: wait for the lock
            slabs.lock.lock();
            scratch[0] = block;
            slabs.putAndUnlock(scratch, 1);
            changes.mark(sizeClass);
            freeExcess();
            return;
        }
        int[] cells = slots.enter();
        boolean isKept = false;
        if (cells != null) {
            boolean isOpened = changes.noteOpened(layout.open(cells));
            isKept = layout.push(cells, sizeClass, block);
            if (!isKept) {
                batch.size = layout.takeOlderHalf(cells, sizeClass, batch.blocks);
                isKept = layout.push(cells, sizeClass, block);
            }
            BiasedSlots.exit(cells);
            changes.requestDecayIf(isOpened);
        }
        if (!isKept) {
            batch.blocks[batch.size++] = block;
        }
        deliver(batch);
    }

    private void deliver(Batch batch) {
        if (batch.size == 0) {
            depot.push(batch);
            return;
        }
        if (!depot.hasSpace(batch.size) && slabs.lock.tryLock()) {
            depot.noteCrossing();
            putAndUnlock(batch);
        } else {
            push(batch);
        }
        changes.mark(sizeClass);
        freeExcess();
    }

    private void push(Batch batch) {
        depot.push(batch);
        if (slabs.isClosed()) {
            flushDepot(); // closed by force: no other thread empties the depot any more
        }
    }

    private void putAndUnlock(Batch batch) {
        slabs.putAndUnlock(batch.blocks, batch.size);
        batch.size = 0;
        depot.push(batch);
    }

    /// Frees the blocks that threads left in the depot beyond its limit while the lock was taken.
    private void freeExcess() {
        while (!depot.hasSpace(0) && slabs.lock.tryLock()) {
            Batch batch = depot.pop();
            if (batch == null) {
                slabs.lock.unlock();
                return;
            }
            putAndUnlock(batch);
        }
    }

    /// Moves all blocks of a magazine to the depot. Called by the thread that is in the slot or visits it.
    void collect(int[] cells) {
        Batch batch = depot.newBatch();
        while (batch == null ? putSome(cells) : pack(cells, batch)) {
            batch = depot.newBatch();
        }
        changes.mark(sizeClass);
        if (slabs.isClosed()) {
            flushDepot(); // the barrier failed when the heap was closed by force
        }
    }

    private boolean pack(int[] cells, Batch batch) {
        batch.size = layout.takeOlder(cells, sizeClass, batch.blocks.length, batch.blocks);
        boolean areMore = batch.size == batch.blocks.length;
        depot.push(batch);
        return areMore;
    }

    /// Frees some blocks of a magazine to the slabs, because no batch can be made.
    private boolean putSome(int[] cells) {
        slabs.lock.lock();
        int count = layout.takeOlder(cells, sizeClass, scratch.length, scratch);
        slabs.putAndUnlock(scratch, count);
        return count == scratch.length;
    }

    /// Frees the memory that was not needed since the last tick.
    ///
    /// @param isNewTick false to continue a tick in which the pace was spent
    /// @param hasChanged true if blocks were freed since the last tick
    Progress decay(Pace pace, boolean isNewTick, boolean hasChanged) {
        if (isNewTick) {
            flushDepot();
            slabs.lock.lockInTurn();
            depot.beginTick();
            slabs.beginTickAndUnlock();
        }
        if (!slabs.freeSurplus(pace)) {
            return Progress.UNFINISHED;
        }
        return slabs.hasMore(hasChanged) ? Progress.NEXT_TICK : Progress.DONE;
    }

    /// Frees all memory that no block in use needs.
    ///
    /// @return number of pages that were freed
    int shrink() {
        flushDepot();
        int pages = slabs.shrink(carvers.get() == 0);
        if (slabs.isReclaimable()) {
            changes.markForShrink(sizeClass);
        }
        return pages;
    }

    /// Frees the blocks in the depot to the slabs.
    private void flushDepot() {
        for (Batch batch = depot.pop(); batch != null; batch = depot.pop()) {
            slabs.lock.lockInTurn();
            putAndUnlock(batch);
        }
    }

    /// Adds a slab of a single block, which is in use.
    ///
    /// @return the block
    /// @throws IllegalStateException if the heap is closed
    int addAllocated(SlabRun run) {
        slabs.prepareToAdd();
        slabs.lock.lock();
        try {
            slabs.checkOpen();
            return slabs.addAllocated(run);
        } finally {
            slabs.lock.unlock();
            freeExcess();
        }
    }

    /// Removes the slab of a block that is alone in its slab. The run of the slab is not freed.
    void detach(int block) {
        slabs.lock.lock();
        try {
            slabs.detach(block);
        } finally {
            slabs.lock.unlock();
            freeExcess();
        }
    }

    /// Takes the lock of the slabs, until [#unlock].
    void lock() {
        slabs.lock.lock();
    }

    void unlock() {
        slabs.lock.unlock();
        freeExcess();
    }

    /// Frees the blocks in the depot to the slabs. The caller holds the lock.
    ///
    /// @return number of blocks that are not free in slabs: in use, in a magazine, or being moved by a thread
    int countTaken() {
        for (Batch batch = depot.pop(); batch != null; batch = depot.pop()) {
            slabs.putBack(batch.blocks, 0, batch.size);
            batch.size = 0;
            depot.push(batch);
        }
        return slabs.countTaken();
    }

    /// Closes the pool: no block is allocated afterwards. The caller holds the lock, and calls [#freeAll] afterwards.
    void setClosed() {
        slabs.setClosed();
    }

    boolean isClosed() {
        return slabs.isClosed();
    }

    /// Frees all slabs. The caller holds the lock.
    ///
    /// @param keepsInUse true if slabs with taken blocks stay until their last block is released; false if no block of
    ///     the pool is taken
    /// @throws SystemCallException if the kernel fails to unlock pages; the call can be repeated
    void freeAll(boolean keepsInUse) {
        int ignored = countTaken(); // moves the blocks of the depot, also of threads that had not seen a close
        slabs.freeAll(keepsInUse);
    }

    /// Passes a snapshot of the statistics of the size class to a visitor, if it has slabs.
    ///
    /// @param inMagazines number of blocks in magazines, by size class
    void visit(int[] inMagazines, SizeClassVisitor visitor) {
        slabs.visit(inMagazines[sizeClass] + depot.size(), visitor);
    }

    /// Checks the invariants.
    ///
    /// @param inMagazines number of blocks in magazines, by size class
    void checkInvariants(int[] inMagazines) {
        slabs.checkInvariants(inMagazines[sizeClass] + depot.size());
    }

    @Override
    public String toString() {
        return "ClassPool(" + slabs + ", " + depot + ")";
    }
}
