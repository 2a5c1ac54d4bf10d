package io.leasehold.slab;

import io.leasehold.memory.StackReserve;

/// Extends blocks in place: the block moves to a larger size class, and keeps its address and its object.
///
/// ```text
///   class 64 KiB    | block, alone in its slab |  free pages  |     run of 1 page
///                     |
///   class 128 KiB   | the same block                          |     run of 2 pages, a slab of the larger class
/// ```
///
/// **Threads.** Thread-safe, if one thread at a time extends a block. The monitor of [ClassPools] keeps the heap open
/// meanwhile. Otherwise a close could leave pages that belong to no slab.
///
/// @param <T> type of the objects that are bound to blocks
final class BlockGrowth<T> {

    private final ClassPools<T> pools; // (C)
    private final SlabMemory memory; // (C)

    BlockGrowth(ClassPools<T> pools, SlabMemory memory) {
        this.pools = pools;
        this.memory = memory;
    }

    /// Extends a block in use in place to at least `byteSize` bytes.
    ///
    /// @return the new handle of the block, which replaces `handle`, or [SlabHeap#NO_BLOCK] if the block is not alone
    ///     in its slab, or the pages behind it are not free
    /// @throws IllegalArgumentException if `byteSize` is out of bounds
    long tryGrow(long handle, int byteSize) {
        int from = SlabHeap.sizeClass(handle);
        int to = SizeClasses.of(byteSize);
        SlabRun run = pools.slabs(from).soleRun((int) handle);
        SlabShape shape = SlabShape.of(SizeClasses.byteSize(to), memory.pageByteSize());
        if (run == null || shape.blocks() != 1 || shape.pages() <= run.pages) {
            return SlabHeap.NO_BLOCK;
        }
        StackReserve.ensure(2);
        return tryGrow(handle, run, to, shape.pages());
    }

    /// Extends a run, and moves its block to a larger size class. The slab of the larger class is added first, because
    /// the Java heap may be too full for it.
    private long tryGrow(long handle, SlabRun run, int to, int pages) {
        synchronized (pools) {
            int from = SlabHeap.sizeClass(handle);
            T object = pools.slabs(from).objects().object((int) handle);
            SlabRun longer = new SlabRun(run.array, run.address, run.page, run.lease, pages);
            int block = pools.of(to).addAllocated(longer);
            boolean isGrown = false;
            try {
                isGrown = memory.tryGrow(run, pages - run.pages);
            } finally {
                if (isGrown) {
                    pools.slabs(to).bind(block, object);
                    pools.of(from).detach((int) handle);
                } else {
                    pools.of(to).detach(block);
                }
            }
            return isGrown ? SlabHeap.handle(to, block) : SlabHeap.NO_BLOCK;
        }
    }
}
