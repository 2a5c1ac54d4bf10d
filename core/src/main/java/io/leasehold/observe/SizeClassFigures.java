package io.leasehold.observe;

/// The blocks of one size: a snapshot; may be stale.
///
/// @param byteSize bytes of each block
/// @param slabs number of slabs: runs of pages that are divided into blocks of this size
/// @param liveBlocks number of blocks in use
/// @param cachedBlocks number of free blocks in the caches of threads, and of those that all threads share
/// @param freeBlocks number of free blocks in slabs
/// @param heldBytes bytes of the pages of the slabs
public record SizeClassFigures(
        int byteSize, int slabs, long liveBlocks, long cachedBlocks, long freeBlocks, long heldBytes) {}
