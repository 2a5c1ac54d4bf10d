package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// How heaps are closed: all of them, or none.
///
/// ```text
///   stop heap 1 ---> stop heap 2 ---> blocks out?  yes: refuse, and let both go on
///                                                  no, or forced: close both
/// ```
///
/// A heap stands still while its slots are shut and every lock of its pools is held: no block moves, no pool is made,
/// no block grows.
///
/// **Threads.** Thread-safe, if heaps that are closed together are always named in the same order. Lock order: the
/// monitor of [ClassPools], the lock of [HeapReclaimer], those of all pools.
final class HeapCloser {

    /// How often closing flushes the slots while one stays busy. Each flush waits for a thread that lost its processor
    /// in its slot, as [BiasedSlots#visit] says.
    private static final int MAX_FLUSHES = 8;

    private final ClassPools<?> pools; // (C)
    private final BiasedSlots slots; // (C)
    private final HeapChanges changes; // (C)
    private final HeapReclaimer reclaimer; // (C)
    private final Supplier<SlabHeapStats> stats; // (C)
    private final Runnable closesMemory; // (C) ends the use of what is below the heap; has no effect the second time
    private int takenBlocks; // (L) of all pools, when they were locked
    private boolean closed; // (L) pools

    HeapCloser(
            ClassPools<?> pools,
            BiasedSlots slots,
            HeapChanges changes,
            HeapReclaimer reclaimer,
            Supplier<SlabHeapStats> stats,
            Runnable closesMemory) {
        this.pools = pools;
        this.slots = slots;
        this.changes = changes;
        this.reclaimer = reclaimer;
        this.stats = stats;
        this.closesMemory = closesMemory;
    }

    /// Closes heaps.
    ///
    /// @param force true if blocks may be lent, whose slabs stay until they are released
    /// @param check runs while all heaps stand still, and throws if they must not be closed
    /// @return number of blocks that are lent
    /// @throws IllegalStateException if blocks are lent that may not be, or a thread stays in its slot: it may hold a
    ///     block that its magazine still counts as free. Nothing is changed then
    /// @throws SystemCallException if the kernel refuses; nothing is lent any more, and closing can be repeated
    static int closeAll(List<HeapCloser> heaps, boolean force, Runnable check) {
        StackReserve.ensure(2);
        return closeFrom(heaps, 0, force, check);
    }

    private static int closeFrom(List<HeapCloser> heaps, int stopped, boolean force, Runnable check) {
        if (stopped < heaps.size()) {
            return heaps.get(stopped).whileStopped(() -> closeFrom(heaps, stopped + 1, force, check));
        }
        check.run();
        int inUse = 0;
        for (HeapCloser heap : heaps) {
            inUse += heap.closed ? 0 : heap.countInUse(force);
        }
        for (HeapCloser heap : heaps) {
            heap.close(force);
        }
        return inUse;
    }

    /// {@return the number of blocks in use} While the heap stands still.
    ///
    /// @throws IllegalStateException if there are some and there may be none, or a thread is about to take or free one
    private int countInUse(boolean mayBeInUse) {
        SlabHeapStats now = stats.get();
        if (mayBeInUse) {
            return Math.toIntExact(now.liveBlocks());
        }
        if (now.liveBlocks() > 0) {
            throw now.blocksInUse();
        }
        if (takenBlocks > 0 || !slots.isQuiet()) {
            throw now.threadInside();
        }
        return 0;
    }

    private int whileStopped(IntSupplier work) {
        synchronized (pools) {
            if (closed) {
                return work.getAsInt();
            }
            List<ClassPool> locked = new ArrayList<>(SizeClasses.COUNT);
            reclaimer.lock();
            slots.suspend();
            try {
                reclaimer.flushSuspended();
                for (int flushes = 1; !slots.isQuiet() && flushes < MAX_FLUSHES; flushes++) {
                    reclaimer.flushSuspended();
                }
                for (ClassPool pool : pools.all()) {
                    pool.lock(); // no other thread holds two of them
                    locked.add(pool);
                }
                takenBlocks = 0;
                for (ClassPool pool : locked) {
                    takenBlocks += pool.countTaken(); // a batch that a thread moves between depot and slabs is out too
                }
                while (changes.isFreeing()) {
                    Thread.onSpinWait(); // a thread that frees slabs needs none of these locks, and takes microseconds
                }
                return work.getAsInt();
            } finally {
                if (!closed) {
                    slots.resume();
                }
                for (int i = 0; i < locked.size(); i++) {
                    locked.get(i).unlock();
                }
                reclaimer.unlock();
            }
        }
    }

    private void close(boolean keepsInUse) {
        if (!closed) {
            closePools(keepsInUse);
            pools.setClosed(true);
            closesMemory.run();
            closed = true; // last, so that closing can be repeated; and the slots stay shut
        }
    }

    /// Closes all pools, also if the kernel refuses one of them.
    private void closePools(boolean keepsInUse) {
        SystemCallException failure = null;
        for (ClassPool pool : pools.all()) {
            try {
                pool.close(keepsInUse);
            } catch (SystemCallException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
