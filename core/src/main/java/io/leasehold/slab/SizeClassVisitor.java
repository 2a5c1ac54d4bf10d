package io.leasehold.slab;

/// Receives the statistics of the size classes of a [SlabHeap], one class after the other. The numbers are those of
/// [SlabHeapStats.SizeClass], without an object for each class.
///
/// **Threads.** Called by the thread that asks for the numbers, while no cache of the heap is flushed. A visitor does
/// not call the heap.
@FunctionalInterface
public interface SizeClassVisitor {

    /// Receives the numbers of one size class.
    ///
    /// @param byteSize bytes of each block
    /// @param slabs number of slabs
    /// @param liveBlocks number of blocks in use
    /// @param cachedBlocks number of free blocks in magazines and in the depot
    /// @param freeBlocks number of free blocks in slabs
    /// @param heldBytes bytes of the pages of the slabs
    void visit(int byteSize, int slabs, long liveBlocks, long cachedBlocks, long freeBlocks, long heldBytes);
}
