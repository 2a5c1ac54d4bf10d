package io.leasehold.slab;

import org.jspecify.annotations.Nullable;

/// The magazine of one size class of one heap, with the objects of its blocks: all that an allocation from the cache of
/// a thread, or a release into it, needs to know of the class. It is one object, because each further load and each
/// further array on these paths makes code that C2 may be unable to inline into its callers.
///
/// **Threads.** Immutable. The cells are those of a slot that the calling thread is in.
///
/// @param depthCell cell with the number of blocks in the magazine
/// @param stackCell cell of the oldest block
/// @param byteSize length of a block in bytes
/// @param maxDepth maximum number of blocks in the magazine
/// @param objects objects of the blocks
/// @param <T> type of the objects that are bound to blocks
record ObjectMagazine<T>(int depthCell, int stackCell, int byteSize, int maxDepth, BlockObjects<T> objects) {

    /// Adds a block if the magazine and the slot have space.
    ///
    /// @return true if the block was added
    boolean push(int[] cells, int block) {
        return MagazineLayout.push(cells, depthCell, stackCell, maxDepth, byteSize, block);
    }

    /// Takes the newest block if it has an object. The block is removed last: if the stack overflows before, the block
    /// is still in the magazine.
    ///
    /// @return the object, or null if the magazine is empty or the block has none
    @Nullable T pop(int[] cells) {
        int depth = cells[depthCell];
        if (depth == 0) {
            return null;
        }
        T object = objects.object(cells[stackCell + depth - 1]);
        if (object != null) {
            cells[depthCell] = depth - 1;
            cells[MagazineLayout.SPACE] += byteSize;
        }
        return object;
    }
}
