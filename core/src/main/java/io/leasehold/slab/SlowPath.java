package io.leasehold.slab;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import org.jspecify.annotations.Nullable;

/// Allocations and releases of a heap that the cache of the calling thread cannot serve.
///
/// **C2 must not inline this into its callers.** An allocation or a release is inlined into several methods of Netty,
/// and each of them would contain the depot, the locks and the slabs. C2 then made 65 to 139 KB of machine code for the
/// classes of Leasehold in an HTTP server, and 32 KB now. C2 inlines no method of more than 325 bytes of bytecode
/// (`FreqInlineSize`). Variables that are assigned and not used make the entry methods longer than that
/// (`SlowPathTest`). C2 makes no code for them.
///
/// **Threads.** Thread-safe. The calling thread is in no slot.
///
/// @param <T> type of the objects that are bound to blocks
final class SlowPath<T> {

    private final SlabHeap<T> heap; // (C)
    private final Binder<T> binder; // (C)
    private final MagazineLayout layout; // (C)
    private final BiasedSlots slots; // (C)
    private final HeapChanges changes; // (C)
    private final ClassPools<T> pools; // (C)
    private final HeapReclaimer reclaimer; // (C)

    SlowPath(
            SlabHeap<T> heap,
            Binder<T> binder,
            MagazineLayout layout,
            BiasedSlots slots,
            HeapChanges changes,
            ClassPools<T> pools,
            HeapReclaimer reclaimer) {
        this.heap = heap;
        this.binder = binder;
        this.layout = layout;
        this.slots = slots;
        this.changes = changes;
        this.pools = pools;
        this.reclaimer = reclaimer;
    }

    /// Allocates a block that the cache of the calling thread does not have, or has without an object.
    ///
    /// @return the object of the block, or null if the limit of the memory is reached
    /// @throws IllegalStateException if the heap is closed
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    @SuppressWarnings("unused")
    @Nullable T allocate(int sizeClass) {
        // spotless:off
        int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z; // for C2: see the class
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        // spotless:on
        T cached = bindCached(sizeClass);
        if (cached != null) {
            return cached;
        }
        StackReserve.ensure(2);
        ClassPool pool = pools.of(sizeClass);
        int block = pool.tryTake(slots);
        int most = block < 0 ? pools.sizesToBorrowFrom(sizeClass, block == ClassPool.BUSY) : 0;
        for (int more = 1; more <= most; more++) {
            T borrowed = pools.fits(sizeClass, sizeClass + more) ? borrow(sizeClass + more) : null;
            if (borrowed != null) {
                return borrowed;
            }
        }
        if (block == ClassPool.BUSY) {
            block = pool.take(slots);
        }
        if (block < 0) {
            block = pool.carve(slots);
        }
        if (block < 0) {
            block = pool.take(slots); // another thread may have freed blocks meanwhile
        }
        return block < 0 ? null : object(sizeClass, block);
    }

    /// Allocates the newest block in the cache of the calling thread, which has no object yet. The block is removed
    /// last: after any error before, it is still in the cache. So this needs no check of the stack, which would cost
    /// more than the object.
    private @Nullable T bindCached(int sizeClass) {
        int[] cells = slots.enter();
        if (cells == null) {
            return null;
        }
        try {
            int block = layout.peek(cells, sizeClass);
            if (block < 0) {
                return null;
            }
            T object = objectOf(sizeClass, block);
            layout.drop(cells, sizeClass);
            return object;
        } finally {
            BiasedSlots.exit(cells);
        }
    }

    /// {@return the object of a free block of a larger size class, or null if that takes longer than a look}
    private @Nullable T borrow(int sizeClass) {
        ClassPool pool = pools.existing(sizeClass);
        T cached = pool == null ? null : heap.tryAllocateCached(sizeClass);
        if (pool == null || cached != null) {
            return cached;
        }
        int block = pool.tryTake(slots);
        return block < 0 ? null : object(sizeClass, block);
    }

    /// {@return the object of a block that was taken; the block is freed if no object can be bound to it}
    private T object(int sizeClass, int block) {
        boolean isBound = false;
        try {
            T object = objectOf(sizeClass, block);
            isBound = true;
            return object;
        } finally {
            if (!isBound) {
                giveBack(sizeClass, block); // the stack was checked before the block was taken
            }
        }
    }

    /// {@return the object of a block, bound to it now if it has none}
    private T objectOf(int sizeClass, int block) {
        SlabSet<T> set = pools.slabs(sizeClass);
        T object = set.objects().object(block);
        return object != null ? object : bind(set, sizeClass, block);
    }

    private T bind(SlabSet<T> set, int sizeClass, int block) {
        Slab slab = set.slabIfThere(block);
        if (slab == null) {
            throw changes.closed(); // closed by force after the block was taken
        }
        long address = slab.addressOf(set.index(block));
        int byteSize = set.shape().byteSize();
        T object = binder.bind(heap, SlabHeap.handle(sizeClass, block), slab.array(), address, byteSize);
        set.bind(block, object);
        return object;
    }

    /// Frees a block for which the cache of the calling thread has no space.
    ///
    /// @param handle handle of a block that the caller holds
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    @SuppressWarnings("unused")
    void free(long handle) {
        // spotless:off
        int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z; // for C2: see the class
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        a = b = c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = t = u = v = w = x = y = z = 1;
        // spotless:on
        StackReserve.ensure(2);
        giveBack(SlabHeap.sizeClass(handle), (int) handle);
    }

    private void giveBack(int sizeClass, int block) {
        ClassPool pool = pools.of(sizeClass);
        pool.free(block, slots);
        reclaimer.flushIfClosed(pool);
    }
}
