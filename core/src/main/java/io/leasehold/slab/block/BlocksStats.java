package io.leasehold.slab.block;

import io.leasehold.slab.SlabHeapStats;

/// Statistics of [Blocks]: a snapshot; may be stale.
///
/// @param name name of the blocks, for messages
/// @param liveBlocks number of blocks in use
/// @param liveBytes bytes of the blocks in use, counted as whole blocks
/// @param cachedBytes bytes of the free blocks in the caches of threads, and of those that all threads share
/// @param heldBytes bytes of the pages that are allocated from the arena: in use, cached, free, and lost to rounding
public record BlocksStats(String name, long liveBlocks, long liveBytes, long cachedBytes, long heldBytes) {

    static BlocksStats of(SlabHeapStats stats) {
        return new BlocksStats(
                stats.name(), stats.liveBlocks(), stats.liveBytes(), stats.cachedBytes(), stats.heldBytes());
    }
}
