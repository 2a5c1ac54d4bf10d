package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.FlushRation;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Frees the memory that a heap does not need: step by step during decay, and all of it under memory pressure.
///
/// ```text
///   flush    magazines ---> depots               one barrier, if a slot is open
///   decay    depots ---> slabs ---> arena        size classes that changed, or had more to free in the last tick
///   watch    only the flush                      in each tick of an arena without decay
///   shrink   the same at once                    size classes that changed since the last shrink
/// ```
///
/// **Cost.** A class that did not change is not visited, and shut slots are not flushed. So a heap that is not used
/// costs a few loads. [FlushRation] limits how often a request that finds no memory flushes the magazines of other
/// threads. The blocks that the calling thread freed are always found.
///
/// **Threads.** Thread-safe. `lock` serializes the visits of slots and the work on slabs. [HeapCloser] holds it while
/// it closes the heap. Lock order: `lock`, then the lock of a [ClassPool]. `lock` is not taken inside a slot.
final class HeapReclaimer implements PageReclaimer {

    private final MagazineLayout layout; // (C)
    private final BiasedSlots slots; // (C)
    private final ClassPools<?> pools; // (C)
    private final HeapChanges changes; // (C)
    private final SlabMemory memory; // (C)
    private final ReentrantLock lock = new ReentrantLock();
    private final BitSet toVisit = new BitSet(SizeClasses.COUNT); // (L) classes to visit in this tick
    private final BitSet changed = new BitSet(SizeClasses.COUNT); // (L) classes that changed during the last tick
    private final BitSet nextTick = new BitSet(SizeClasses.COUNT); // (L) classes to visit in the next tick
    private int unfinished = MagazineLayout.NONE; // (L) class in which the pace was spent, or NONE
    private final FlushRation ration = new FlushRation(); // (C)
    private final Consumer<BiasedSlot> flusher = this::flush; // (C) made early: a flush needs no Java heap

    HeapReclaimer(
            MagazineLayout layout, BiasedSlots slots, ClassPools<?> pools, HeapChanges changes, SlabMemory memory) {
        this.layout = layout;
        this.slots = slots;
        this.pools = pools;
        this.changes = changes;
        this.memory = memory;
    }

    @Override
    public Progress decay(Pace pace) {
        StackReserve.ensure(2);
        lock.lock();
        try {
            if (toVisit.isEmpty()) {
                int ignored = freeGivenUp();
                flush();
                pools.beginTick();
                changes.takeSinceDecay(changed);
                toVisit.or(nextTick);
                toVisit.or(changed);
                nextTick.clear();
            }
            return visit(pace) ? progress() : Progress.UNFINISHED;
        } finally {
            lock.unlock();
        }
    }

    /// Moves the blocks in magazines to the depots. The next use of a slot opens the slot, which requests another call.
    @Override
    public Progress watch() {
        StackReserve.ensure(2);
        lock.lock();
        try {
            flush();
        } finally {
            lock.unlock();
        }
        return Progress.DONE;
    }

    /// {@return true if every class of the tick was visited}
    private boolean visit(Pace pace) {
        for (int c = toVisit.nextSetBit(0); c >= 0; c = toVisit.nextSetBit(c + 1)) {
            ClassPool pool = pools.of(c);
            changes.work.visits++;
            Progress progress = pool.decay(pace, c != unfinished, changed.get(c));
            if (progress == Progress.UNFINISHED) {
                unfinished = c;
                return false;
            }
            unfinished = MagazineLayout.NONE;
            toVisit.clear(c);
            changed.clear(c);
            nextTick.set(c, progress == Progress.NEXT_TICK);
            if (pace.isSpent() || lock.hasQueuedThreads()) {
                return toVisit.isEmpty();
            }
        }
        return true;
    }

    private Progress progress() {
        return nextTick.isEmpty() && memory.givenUpPages() == 0 ? Progress.DONE : Progress.NEXT_TICK;
    }

    /// Frees the runs that were given up, as far as the kernel unlocks them.
    ///
    /// @return number of pages that were freed
    private int freeGivenUp() {
        int before = memory.givenUpPages();
        if (before > 0) {
            try {
                memory.freeGivenUp();
            } catch (SystemCallException e) {
                // the kernel does not unlock the rest now
            }
        }
        return Math.max(0, before - memory.givenUpPages());
    }

    @Override
    public int shrink() {
        return shrink(mayFlush());
    }

    @Override
    public int trim() {
        return shrink(true);
    }

    private int shrink(boolean flushes) {
        StackReserve.ensure(2);
        int given = freeGivenUp();
        if (!flushes && !changes.hasChangedSinceShrink()) {
            return given;
        }
        lock.lock();
        try {
            if (flushes) {
                flush();
            }
            int pages = shrinkChanged(new BitSet(SizeClasses.COUNT));
            if (flushes) {
                ration.judge(pages > 0);
            }
            return given + pages;
        } finally {
            lock.unlock();
        }
    }

    /// Shrinks the classes that changed. Classes that are not reached, because the Java heap is full, stay marked.
    private int shrinkChanged(BitSet classes) {
        changes.takeSinceShrink(classes);
        try {
            int pages = 0;
            for (int c = classes.nextSetBit(0); c >= 0; c = classes.nextSetBit(c + 1)) {
                changes.work.visits++;
                pages += pools.of(c).shrink();
                classes.clear(c);
            }
            return pages;
        } finally {
            for (int c = classes.nextSetBit(0); c >= 0; c = classes.nextSetBit(c + 1)) {
                changes.markForShrink(c);
            }
        }
    }

    private boolean mayFlush() {
        return changes.hasOpenSlots() && layout.peekBytes(slots) > 0 && ration.allows();
    }

    /// Moves the blocks in the magazines of the calling thread to the depots.
    @Override
    public void collectOwn() {
        StackReserve.ensure(2);
        int[] cells = changes.hasOpenSlots() ? slots.enter() : null;
        if (cells != null) {
            collect(cells);
            BiasedSlots.exit(cells);
        }
    }

    /// Moves the blocks in all magazines to the depots, and shuts the slots, if a slot is open. The caller holds
    /// `lock`.
    private void flush() {
        if (!changes.hasOpenSlots()) {
            return;
        }
        long begin = System.nanoTime();
        slots.suspend();
        try {
            flushSuspended();
        } finally {
            slots.resume();
        }
        ration.spent(begin);
    }

    /// Moves the blocks in all magazines to the depots, and waits for threads that are in their slots. The caller holds
    /// `lock` and has suspended the slots.
    void flushSuspended() {
        changes.work.flushes++;
        if (BiasedSlots.barrier(changes.virtualMemory())) {
            int ignored = slots.visit(flusher);
        } // else the barrier failed, and the next flush finds the blocks
    }

    private void flush(BiasedSlot slot) {
        collect(slot.cells());
        if (layout.shut(slot.cells())) {
            changes.noteShut();
        }
    }

    /// Calls [#flushLate] if the heap of a pool is closed, after a release. If the stack is too short, a later release
    /// or a repeated close does it. The block is free already, so the caller must not see the error.
    void flushIfClosed(ClassPool pool) {
        if (!pool.isClosed()) {
            return;
        }
        try {
            StackReserve.ensure(2);
        } catch (StackOverflowError e) {
            return;
        }
        flushLate();
    }

    /// Moves the blocks that are left in magazines to the slabs of a heap that is closed. Some are left if the barrier
    /// failed when the heap was closed by force.
    void flushLate() {
        if (changes.hasOpenSlots()) {
            lock.lock();
            try {
                flushSuspended();
            } finally {
                lock.unlock();
            }
        }
    }

    private void collect(int[] cells) {
        for (int c = layout.nextFilled(cells, 0); c >= 0; c = layout.nextFilled(cells, c + 1)) {
            pools.of(c).collect(cells);
        }
    }

    /// Takes `lock`, which keeps out decay, shrinking and flushing until [#unlock].
    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    @Override
    public boolean keepsOpen() {
        return true;
    }

    @Override
    public String toString() {
        return changes.toString();
    }
}
