package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.service.ArenaAccess;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Closes heaps: all of them, or none.
///
/// ```text
///   stop heap 1 ---> stop heap 2 ---> blocks in use?  yes: throw, and resume both heaps
///                                                     no, or forced: close both
/// ```
///
/// If their arena is to be closed too, the memory of both heaps is freed before, and the arena is shut. So both heaps
/// stay open if another user has pages of the arena.
///
/// A heap is stopped while its slots are suspended and the locks of all its pools are held. Then no block is allocated,
/// released or moved, no pool is made, and no block grows. A thread may stay in its slot for longer than the closer
/// waits. Then a close without force throws. A forced close counts the blocks of that slot as in use.
///
/// **Threads.** Thread-safe, if heaps that are closed together are always given in the same order. Lock order: the
/// monitor of [ClassPools], `HeapReclaimer.lock`, the locks of all pools.
final class HeapCloser {

    /// Maximum number of flushes while a thread stays in its slot, or the barrier fails. Each flush waits for a thread
    /// that lost its processor there ([BiasedSlots#visit]).
    private static final int MAX_FLUSHES = 8;

    /// Number of looks at threads that free slabs before the closing thread pauses.
    private static final int LOOKS = 60;

    private static final long PAUSE_NANOS = 50_000;

    private final ClassPools<?> pools; // (C)
    private final SlabMemory memory; // (C)
    private final BiasedSlots slots; // (C)
    private final HeapChanges changes; // (C)
    private final HeapReclaimer reclaimer; // (C)
    private final Supplier<SlabHeapStats> stats; // (C)
    private final Runnable closesMemory; // (C) closes the memory of the heap; a second run has no effect
    private int takenBlocks; // (L) pools; taken blocks of all pools while they are locked
    private boolean shut; // (L) pools; the heap allocates nothing any more, and its slots stay suspended
    private boolean closed; // (L) pools

    HeapCloser(
            ClassPools<?> pools,
            SlabMemory memory,
            BiasedSlots slots,
            HeapChanges changes,
            HeapReclaimer reclaimer,
            Supplier<SlabHeapStats> stats,
            Runnable closesMemory) {
        this.pools = pools;
        this.memory = memory;
        this.slots = slots;
        this.changes = changes;
        this.reclaimer = reclaimer;
        this.stats = stats;
        this.closesMemory = closesMemory;
    }

    /// Closes heaps.
    ///
    /// @param force true to close heaps with blocks in use; the slabs of these blocks stay until the blocks are
    ///     released
    /// @param check runs while all heaps are stopped; if it throws, the heaps stay open
    /// @param own null, or the arena, which is shut after all memory of heaps without blocks in use was freed; the
    ///     heaps stay open if another user has pages of it
    /// @return number of blocks in use
    /// @throws IllegalStateException if blocks are in use without `force`, or if without `force` a thread stays in its
    ///     slot; it may hold a block that its magazine still counts as free. Nothing is changed then
    /// @throws SystemCallException if the kernel fails to unlock pages; closing can be repeated. The heaps allocate
    ///     nothing any more, but with `own` they stay open if the memory of one was not freed before the arena was shut
    static int closeAll(List<HeapCloser> heaps, boolean force, Runnable check, @Nullable PageArena own) {
        StackReserve.ensure(3);
        List<HeapReclaimer> reclaimers =
                heaps.stream().map(heap -> heap.reclaimer).toList();
        Runnable last = own == null ? null : () -> ArenaAccess.of(own).shut(reclaimers);
        return closeFrom(heaps, 0, force, check, last);
    }

    private static int closeFrom(
            List<HeapCloser> heaps, int stopped, boolean force, Runnable check, @Nullable Runnable last) {
        if (stopped < heaps.size()) {
            return heaps.get(stopped).whileStopped(() -> closeFrom(heaps, stopped + 1, force, check, last));
        }
        check.run();
        int inUse = 0;
        for (HeapCloser heap : heaps) {
            inUse += heap.closed ? 0 : heap.countInUse(force);
        }
        if (last != null) {
            heaps.forEach(HeapCloser::empty);
            last.run();
        }
        for (HeapCloser heap : heaps) {
            heap.close(force);
        }
        return inUse;
    }

    /// {@return number of blocks in use} The heap is stopped.
    ///
    /// @throws IllegalStateException if blocks are in use and may not be, or if a thread is allocating or freeing a
    ///     block
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
            if (!shut) {
                slots.suspend();
            }
            try {
                reclaimer.flushSuspended();
                for (int flushes = 1; !isFlushed() && flushes < MAX_FLUSHES; flushes++) {
                    reclaimer.flushSuspended();
                }
                for (ClassPool pool : pools.all()) {
                    pool.lock(); // no other thread holds two of these locks
                    locked.add(pool);
                }
                takenBlocks = 0;
                for (ClassPool pool : locked) {
                    takenBlocks += pool.countTaken(); // a batch that a thread is moving counts as taken
                }
                awaitFreeing();
                return work.getAsInt();
            } finally {
                if (!shut) {
                    slots.resume();
                }
                for (int i = 0; i < locked.size(); i++) {
                    locked.get(i).unlock();
                }
                reclaimer.unlock();
            }
        }
    }

    /// {@return false if a thread stays in its slot, or the barrier failed}
    private boolean isFlushed() {
        return !changes.hasOpenSlots() && slots.isQuiet();
    }

    /// Waits until all removed slabs are freed. That needs none of the locks, and takes microseconds. But a virtual
    /// thread that frees a slab may be parked. It needs a carrier, and [Thread#yield] may run the calling thread again.
    private void awaitFreeing() {
        boolean isInterrupted = false;
        try {
            for (int looks = 1; changes.isFreeing(); looks++) {
                if (looks % LOOKS == 0) {
                    isInterrupted |= Thread.interrupted();
                    LockSupport.parkNanos(this, PAUSE_NANOS);
                } else {
                    Thread.onSpinWait();
                }
            }
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void empty() {
        if (!closed) {
            pools.all().forEach(pool -> pool.freeAll(false));
            memory.freeGivenUp();
        }
    }

    /// Closes the heap for all its users first, and only then frees its memory. If that fails, a repeated call
    /// continues.
    private void close(boolean keepsInUse) {
        List<ClassPool> all = pools.all();
        if (closed) {
            freeLate(all);
            return;
        }
        shut = true;
        pools.setClosed();
        for (int i = 0; i < all.size(); i++) {
            all.get(i).setClosed();
        }
        freePools(all, keepsInUse);
        closesMemory.run();
        closed = true; // last, so that closing can be repeated
    }

    /// Frees the slabs of all pools, even if freeing those of one pool fails.
    private static void freePools(List<ClassPool> all, boolean keepsInUse) {
        SystemCallException failure = null;
        for (ClassPool pool : all) {
            try {
                pool.freeAll(keepsInUse);
            } catch (SystemCallException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /// Frees the memory that a closed heap could not free: slabs and runs that the kernel did not unlock, and slabs
    /// with blocks that the failed barrier of a forced close left in magazines.
    private void freeLate(List<ClassPool> all) {
        reclaimer.flushLate();
        SystemCallException failure = null;
        for (ClassPool pool : all) {
            pool.lock();
            try {
                pool.freeAll(true);
            } catch (SystemCallException e) {
                failure = e;
            } finally {
                pool.unlock();
            }
        }
        memory.freeGivenUp();
        if (failure != null) {
            throw failure;
        }
    }
}
