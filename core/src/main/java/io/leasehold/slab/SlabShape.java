package io.leasehold.slab;

/// The layout of the blocks of one size in pages.
///
/// ```text
///   pages   |  0  |  1  |  2  |  ...  15 |        at most 16, unless one block is longer
///   blocks  | 0 | 1 | 2 | 3 | ...      | tail |   the tail is at most 1/32
/// ```
///
/// Slabs are small, so that one live block keeps little memory from other users. On the other hand, making a slab costs
/// time. So a slab has the fewest pages that hold at least 16 blocks, or at least four pages, with a small tail.
///
/// @param byteSize bytes of a block
/// @param pages number of pages of a slab
/// @param blocks number of blocks of a slab
record SlabShape(int byteSize, int pages, int blocks) {

    /// Maximum number of pages of a slab with more than one block.
    static final int MAX_PAGES = 16;

    private static final int ENOUGH_BLOCKS = 16;
    private static final int ENOUGH_PAGES = 4;
    private static final int MAX_TAIL = 32;

    /// {@return the shape for blocks of `byteSize` bytes in pages of `pageByteSize` bytes}
    static SlabShape of(int byteSize, int pageByteSize) {
        SlabShape best = null;
        for (int pages = 1; pages <= MAX_PAGES; pages++) {
            long bytes = (long) pages * pageByteSize;
            int blocks = (int) (bytes / byteSize);
            boolean tight = blocks > 0 && bytes % byteSize <= bytes / MAX_TAIL;
            if (tight) {
                best = new SlabShape(byteSize, pages, blocks);
                if (blocks >= ENOUGH_BLOCKS || pages >= ENOUGH_PAGES) {
                    return best;
                }
            }
        }
        return best != null ? best : new SlabShape(byteSize, Math.ceilDiv(byteSize, pageByteSize), 1);
    }

    /// {@return number of bits of the index of a block in its slab}
    int indexBits() {
        return Integer.SIZE - Integer.numberOfLeadingZeros(blocks - 1);
    }
}
