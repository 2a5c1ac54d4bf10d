package io.leasehold.slab;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.FlushRation;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.Pace;
import io.leasehold.page.PageReclaimer;
import java.util.BitSet;
import java.util.concurrent.locks.ReentrantLock;

/// Gives back what a heap does not need: by the clock, and all of it under pressure.
///
/// ```text
///   flush    magazines ---> depots               one barrier, if a slot is open
///   decay    depots ---> slabs ---> arena        size classes that changed, or had more to give back in the last tick
///   shrink   the same at once                    size classes that changed since the last shrink
/// ```
///
/// **Cost.** A class that did not change is not visited, and magazines that are shut are not flushed, so a heap that
/// nothing touched costs a few loads. How often a request that finds no memory may flush the magazines of other threads
/// says [FlushRation]; it never misses what the calling thread freed.
///
/// **Threads.** Thread-safe. `lock` serialises the visits of slots and the work on slabs; [SlabHeap] has it while it is
/// being closed. Lock order: `lock`, then that of a [ClassPool]. None is taken in a slot.
final class HeapReclaimer implements PageReclaimer {

    private final MagazineLayout layout; // (C)
    private final BiasedSlots slots; // (C)
    private final ClassPools<?> pools; // (C)
    private final HeapChanges changes; // (C)
    private final ReentrantLock lock = new ReentrantLock();
    private final BitSet toVisit = new BitSet(SizeClasses.COUNT); // (L) classes of this tick
    private final BitSet changed = new BitSet(SizeClasses.COUNT); // (L) those that changed in the tick before
    private final BitSet nextTick = new BitSet(SizeClasses.COUNT); // (L) classes of the next tick
    private int unfinished = MagazineLayout.NONE; // (L) the class in which the pace was spent
    private final FlushRation ration = new FlushRation(); // (C)

    HeapReclaimer(MagazineLayout layout, BiasedSlots slots, ClassPools<?> pools, HeapChanges changes) {
        this.layout = layout;
        this.slots = slots;
        this.pools = pools;
        this.changes = changes;
    }

    @Override
    public Progress decay(Pace pace) {
        StackReserve.ensure(2);
        lock.lock();
        try {
            if (toVisit.isEmpty()) {
                flush();
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
        return nextTick.isEmpty() ? Progress.DONE : Progress.NEXT_TICK;
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
        collectOwn();
        if (!flushes && !changes.hasChangedSinceShrink()) {
            return 0;
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
            return pages;
        } finally {
            lock.unlock();
        }
    }

    /// Shrinks the classes that changed. Those that it does not come to, for want of Java heap, stay marked.
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

    /// Puts the blocks in the magazines of the calling thread into the depots.
    private void collectOwn() {
        int[] cells = changes.hasOpenSlots() ? slots.enter() : null;
        if (cells != null) {
            collect(cells);
            BiasedSlots.exit(cells);
        }
    }

    /// Puts the blocks in all magazines into the depots, and shuts the slots, if one is open. Under the lock.
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

    /// Puts the blocks in all magazines into the depots, and waits for threads that are in their slots. Under the lock,
    /// while the slots are suspended.
    void flushSuspended() {
        changes.work.flushes++;
        if (BiasedSlots.barrier(VirtualMemory.system())) {
            slots.visit(slot -> {
                collect(slot.cells());
                if (layout.shut(slot.cells())) {
                    changes.noteShut();
                }
            });
        } // else the blocks are flushed the next time
    }

    private void collect(int[] cells) {
        for (int c = layout.nextFilled(cells, 0); c >= 0; c = layout.nextFilled(cells, c + 1)) {
            pools.of(c).collect(cells);
        }
    }

    /// Keeps decay, shrinking and flushes out until [#unlock].
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
