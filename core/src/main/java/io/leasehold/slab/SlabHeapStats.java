package io.leasehold.slab;

import static io.leasehold.text.Texts.format;

import java.util.List;
import java.util.stream.Collectors;

/// Statistics of a [SlabHeap]: a snapshot; may be stale.
///
/// @param name name of the heap
/// @param liveBlocks number of blocks in use
/// @param liveBytes bytes of the blocks in use, counted as whole blocks
/// @param cachedBytes bytes of the free blocks in magazines and depots
/// @param heldBytes bytes of the pages that the heap holds: in use, cached, free in slabs, lost to rounding, and in no
///     slab because the kernel does not unlock them
/// @param classes the same for each size class that has slabs, in ascending order
public record SlabHeapStats(
        String name, long liveBlocks, long liveBytes, long cachedBytes, long heldBytes, List<SizeClass> classes) {

    private static final int NAMED_CLASSES = 4;

    /// @param otherBytes bytes of the pages that are in no slab
    static SlabHeapStats of(String name, long otherBytes, List<SizeClass> classes) {
        return new SlabHeapStats(
                name,
                classes.stream().mapToLong(SizeClass::liveBlocks).sum(),
                classes.stream().mapToLong(c -> c.liveBlocks() * c.byteSize()).sum(),
                classes.stream().mapToLong(c -> c.cachedBlocks() * c.byteSize()).sum(),
                otherBytes + classes.stream().mapToLong(SizeClass::heldBytes).sum(),
                List.copyOf(classes));
    }

    /// {@return the exception for closing a heap while a thread allocates or releases a block}
    IllegalStateException threadInside() {
        return new IllegalStateException(
                format("a thread is inside allocate or release, or the barrier failed: heap=%s; close again", name));
    }

    /// {@return the exception for closing a heap with blocks in use}
    IllegalStateException blocksInUse() {
        String named = classes.stream()
                .filter(c -> c.liveBlocks() > 0)
                .limit(NAMED_CLASSES)
                .map(c -> c.liveBlocks() + " of " + c.byteSize() + " B")
                .collect(Collectors.joining(", "));
        return new IllegalStateException(
                format("heap has blocks in use: heap=%s, blocks=%d, bytes=%d: %s", name, liveBlocks, liveBytes, named));
    }

    /// Statistics of one size class.
    ///
    /// @param byteSize bytes of each block
    /// @param slabs number of slabs
    /// @param liveBlocks number of blocks in use
    /// @param cachedBlocks number of free blocks in magazines and in the depot
    /// @param freeBlocks number of free blocks in slabs
    /// @param heldBytes bytes of the pages of the slabs
    public record SizeClass(
            int byteSize, int slabs, long liveBlocks, long cachedBlocks, long freeBlocks, long heldBytes) {}
}
