package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.page.Pace;
import io.leasehold.page.PageReclaimer.Progress;
import io.leasehold.slab.Depot.Batch;
import java.util.concurrent.atomic.AtomicInteger;

/// The free blocks of one size that threads share: a depot between the magazines, and the slabs behind it.
///
/// ```text
///   magazine of a thread  <---- half a magazine ---->  Depot  <---- batch ---->  LockedSlabs, the lowest slab first
///        (no lock)                                    (no lock)                    (under their lock)
/// ```
///
/// **Waiting.** A release never waits. If another thread has the lock, the blocks stay in the depot, beyond its limit
/// if need be, and a thread that takes or frees blocks under the lock frees them before it goes: either it sees the
/// batch when it looks after its unlock, or the releasing thread finds the lock free when it tries after its push
/// (`DepotStress`). What background work leaves there goes in the next tick. An allocation looks into the depot, then
/// for the lock for some microseconds; [SlabHeap] tries the next sizes before it waits.
///
/// **Threads.** Thread-safe. Slots may be entered under the lock, but it is never taken in a slot. [#decay] and
/// [#shrink] are for one thread at a time.
///
/// **Invariants.** I1: blocks that are free in slabs, in the depot and in magazines are at most all that there are.
final class ClassPool {

    /// In place of a block: another thread has the lock.
    static final int BUSY = MagazineLayout.NONE - 1;

    /// What a depot holds: the blocks in it keep their slabs from going, and each size has one.
    private static final int MAX_DEPOT_BYTES = 32 << 10;

    private static final int MAX_DEPOT_MAGAZINES = 2;

    /// A refill takes this part of what a slot has room for, so that one size does not crowd out the others.
    private static final int REFILLS_PER_SLOT = 4;

    private final SlabMemory memory; // (C)
    private final MagazineLayout layout; // (C)
    private final HeapChanges changes; // (C)
    private final int sizeClass; // (C)
    private final int byteSize; // (C)
    private final int half; // (C) blocks of half a magazine
    private final int depotLimit; // (C) blocks
    private final Depot depot; // (C)
    private final LockedSlabs slabs; // (C)
    private final int[] scratch; // (L) of the slabs: one block, and half a magazine

    /// Threads that look for pages for this size. What is freed meanwhile is what they look for: it stays, though its
    /// pages could go.
    private final AtomicInteger carvers = new AtomicInteger(); // (A)

    ClassPool(SlabSet<?> set, SlabMemory memory, MagazineLayout layout, HeapChanges changes, int sizeClass) {
        this.memory = memory;
        this.layout = layout;
        this.changes = changes;
        this.sizeClass = sizeClass;
        this.byteSize = set.shape().byteSize();
        int depth = layout.depth(sizeClass);
        this.half = (depth + 1) / 2;
        this.depotLimit = Math.min(MAX_DEPOT_MAGAZINES * depth, MAX_DEPOT_BYTES / byteSize);
        this.depot = new Depot(half + 1);
        this.slabs = new LockedSlabs(set, memory, changes);
        this.scratch = new int[half + 1];
    }

    /// Takes a free block, and up to half a magazine for the calling thread with it, without waiting.
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

    /// Takes a free block, and up to half a magazine for the calling thread with it.
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

    /// Takes one block, and others into the magazine of the calling thread. Under the lock.
    private int takeFromSlabs(BiasedSlots slots) {
        int[] cells = half == 0 ? null : slots.enter();
        if (cells != null) {
            changes.noteOpened(layout.open(cells));
        }
        int count = slabs.take(scratch, 1 + (cells == null ? 0 : wanted(cells)));
        int block = count == 0 ? MagazineLayout.NONE : scratch[0]; // the lowest, and the next ones are lent next
        if (cells != null) {
            while (count > 1 && layout.push(cells, sizeClass, scratch[count - 1])) {
                count--;
            }
            BiasedSlots.exit(cells);
            slabs.putBack(scratch, 1, count);
        }
        slabs.noteMinFree(depot.size());
        return block;
    }

    /// Takes one block of a batch, and others into the magazine of the calling thread.
    private int unpack(Batch batch, BiasedSlots slots) {
        int block = batch.blocks[--batch.size];
        int[] cells = batch.size == 0 || half == 0 ? null : slots.enter();
        if (cells != null) {
            changes.noteOpened(layout.open(cells));
            int want = wanted(cells);
            while (batch.size > 0 && want-- > 0 && layout.push(cells, sizeClass, batch.blocks[batch.size - 1])) {
                batch.size--;
            }
            BiasedSlots.exit(cells);
        }
        push(batch);
        return block;
    }

    /// {@return number of blocks for a refill, so that the magazine is half full at most}
    private int wanted(int[] cells) {
        int share = layout.space(cells) / REFILLS_PER_SLOT;
        return Math.min(layout.depth(sizeClass) / 2, share / byteSize);
    }

    /// Takes a block of a new slab: of a whole one, or, where free pages are too scattered for that, of the pages of a
    /// single block.
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

    /// Adds a slab, and takes a block from it as [#take] does.
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
                memory.unwire(run); // closed meanwhile, or no room for the slab on the Java heap
                memory.free(run);
            }
            freeExcess();
        }
    }

    /// Takes back a block that the magazine of the calling thread had no room for, and half of that magazine with it.
    /// Does not wait.
    void free(int block, BiasedSlots slots) {
        Batch batch = slabs.isClosed() ? null : depot.newBatch();
        if (batch == null) { // no room on the Java heap for a batch, so this waits for the lock
            slabs.lock.lock();
            scratch[0] = block;
            slabs.putAndUnlock(scratch, 1);
            changes.mark(sizeClass);
            return;
        }
        int[] cells = slots.enter();
        boolean isKept = false;
        if (cells != null) {
            changes.noteOpened(layout.open(cells));
            isKept = layout.push(cells, sizeClass, block);
            if (!isKept) {
                batch.size = layout.takeOlderHalf(cells, sizeClass, batch.blocks);
                isKept = layout.push(cells, sizeClass, block);
            }
            BiasedSlots.exit(cells);
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
        if (depot.size() + batch.size > depotLimit && slabs.lock.tryLock()) {
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
            flushDepot(); // closed by force, after which no other thread empties the depot
        }
    }

    private void putAndUnlock(Batch batch) {
        slabs.putAndUnlock(batch.blocks, batch.size);
        batch.size = 0;
        depot.push(batch);
    }

    /// Frees what threads left in the depot beyond its limit while the lock was taken.
    private void freeExcess() {
        while (depot.size() > depotLimit && slabs.lock.tryLock()) {
            Batch batch = depot.pop();
            if (batch == null) {
                slabs.lock.unlock();
                return;
            }
            putAndUnlock(batch);
        }
    }

    /// Empties a magazine into the depot, by the thread that is in the slot or visits it.
    void collect(int[] cells) {
        Batch batch = depot.newBatch();
        while (batch == null ? putSome(cells) : pack(cells, batch)) {
            batch = depot.newBatch();
        }
        changes.mark(sizeClass);
    }

    private boolean pack(int[] cells, Batch batch) {
        batch.size = layout.takeOlder(cells, sizeClass, batch.blocks.length, batch.blocks);
        boolean areMore = batch.size == batch.blocks.length;
        depot.push(batch);
        return areMore;
    }

    /// Takes blocks out of a magazine for which there is no batch: the Java heap is full.
    private boolean putSome(int[] cells) {
        slabs.lock.lock();
        int count = layout.takeOlder(cells, sizeClass, scratch.length, scratch);
        slabs.putAndUnlock(scratch, count);
        return count == scratch.length;
    }

    /// Gives back what was not needed since the last tick.
    ///
    /// @param isNewTick false to go on where the pace was spent
    /// @param hasChanged true if blocks were freed since the last tick
    Progress decay(Pace pace, boolean isNewTick, boolean hasChanged) {
        if (isNewTick) {
            flushDepot();
            slabs.beginTick();
        }
        if (!slabs.freeSurplus(pace)) {
            return Progress.UNFINISHED;
        }
        return slabs.hasMore(hasChanged) ? Progress.NEXT_TICK : Progress.DONE;
    }

    /// Gives back everything that no lent block needs.
    ///
    /// @return number of pages
    int shrink() {
        flushDepot();
        int pages = slabs.shrink(carvers.get() == 0);
        if (slabs.isReclaimable()) {
            changes.markForShrink(sizeClass);
        }
        return pages;
    }

    /// Empties the depot into the slabs.
    private void flushDepot() {
        for (Batch batch = depot.pop(); batch != null; batch = depot.pop()) {
            slabs.lock.lockInTurn();
            putAndUnlock(batch);
        }
    }

    /// Adds a slab of a single block, which is out.
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

    /// Takes out the slab of a block that has the slab to itself. The run of the slab is not freed.
    void detach(int block) {
        slabs.lock.lock();
        try {
            slabs.detach(block);
        } finally {
            slabs.lock.unlock();
            freeExcess();
        }
    }

    /// Keeps every other thread out until [#unlock].
    void lock() {
        slabs.lock.lock();
    }

    void unlock() {
        slabs.lock.unlock();
        freeExcess();
    }

    /// Empties the depot into the slabs. The caller has the lock.
    ///
    /// @return number of blocks that are in no slab: they are in use, or a thread moves them
    int countTaken() {
        for (Batch batch = depot.pop(); batch != null; batch = depot.pop()) {
            slabs.putBack(batch.blocks, 0, batch.size);
            batch.size = 0;
            depot.push(batch);
        }
        return slabs.countTaken();
    }

    /// Frees all slabs, for ever. The caller has the lock.
    ///
    /// @param keepsInUse true if the slabs of blocks in use stay until those are released
    /// @throws SystemCallException if the kernel refuses; the pool is closed, and closing it can be repeated
    void close(boolean keepsInUse) {
        slabs.setClosed();
        int ignored = countTaken(); // the batches that came before threads saw that the pool is closed
        slabs.freeAll(keepsInUse);
    }

    /// {@return a snapshot of the numbers}
    ///
    /// @param inMagazines number of blocks in magazines by size class
    SlabHeapStats.SizeClass stats(int[] inMagazines) {
        return slabs.stats(inMagazines[sizeClass] + depot.size());
    }

    /// Checks what must always hold.
    ///
    /// @param inMagazines number of blocks in magazines by size class
    void checkInvariants(int[] inMagazines) {
        slabs.checkInvariants(inMagazines[sizeClass] + depot.size());
    }

    @Override
    public String toString() {
        return "ClassPool(" + slabs + ", " + depot + ")";
    }
}
