package io.leasehold.slab;

import java.util.List;
import java.util.stream.Collectors;

/// What a heap of blocks holds at one moment.
///
/// @param name of the heap
/// @param liveBlocks lent now
/// @param liveBytes of the blocks lent now, in whole blocks
/// @param cachedBytes of free blocks in the magazines of threads and in depots
/// @param heldBytes of the memory taken from the arena: live, cached, free inside slabs and lost to rounding
/// @param classes the same for each size that has slabs now, the smallest first
public record SlabHeapStats(
        String name, long liveBlocks, long liveBytes, long cachedBytes, long heldBytes, List<SizeClass> classes) {

    private static final int NAMED_CLASSES = 4;

    static SlabHeapStats of(String name, List<SizeClass> classes) {
        return new SlabHeapStats(
                name,
                classes.stream().mapToLong(SizeClass::liveBlocks).sum(),
                classes.stream().mapToLong(c -> c.liveBlocks() * c.byteSize()).sum(),
                classes.stream().mapToLong(c -> c.cachedBlocks() * c.byteSize()).sum(),
                classes.stream().mapToLong(SizeClass::heldBytes).sum(),
                List.copyOf(classes));
    }

    /// {@return the error for closing a heap while a thread allocates or releases a block}
    IllegalStateException threadInside() {
        return new IllegalStateException(
                "a thread is inside allocate or release: heap=%s; close again".formatted(name));
    }

    /// {@return the error for closing a heap in use}
    IllegalStateException blocksInUse() {
        String named = classes.stream()
                .filter(c -> c.liveBlocks() > 0)
                .limit(NAMED_CLASSES)
                .map(c -> c.liveBlocks() + " of " + c.byteSize() + " B")
                .collect(Collectors.joining(", "));
        return new IllegalStateException("heap has blocks in use: heap=%s, blocks=%d, bytes=%d: %s"
                .formatted(name, liveBlocks, liveBytes, named));
    }

    /// The blocks of one size.
    ///
    /// @param byteSize of each of them
    /// @param slabs in use
    /// @param liveBlocks lent now
    /// @param cachedBlocks in the magazines of threads and in the depot
    /// @param freeBlocks free inside slabs
    /// @param heldBytes of the slabs
    public record SizeClass(
            int byteSize, int slabs, long liveBlocks, long cachedBlocks, long freeBlocks, long heldBytes) {}
}
