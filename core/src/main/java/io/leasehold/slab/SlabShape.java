package io.leasehold.slab;

/// How the blocks of one size lie in pages.
///
/// ```text
///   pages   |  0  |  1  |  2  |  ...  15 |        at most 16, unless one block is longer
///   blocks  | 0 | 1 | 2 | 3 | ...      | tail |   tail at most 1/32
/// ```
///
/// A slab is small, so that what its live blocks keep from others is small: it ends as soon as it has 16 blocks, or
/// four pages, since making slabs costs time.
///
/// @param byteSize of a block
/// @param pages of a slab
/// @param blocks of a slab
record SlabShape(int byteSize, int pages, int blocks) {

    /// The most pages of a slab with more than one block.
    static final int MAX_PAGES = 16;

    private static final int ENOUGH_BLOCKS = 16;
    private static final int ENOUGH_PAGES = 4;
    private static final int MAX_TAIL = 32;

    /// {@return the shape for blocks of `byteSize` bytes in pages of `pageByteSize`}
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

    /// {@return how many bits the index of a block in its slab has}
    int indexBits() {
        return Integer.SIZE - Integer.numberOfLeadingZeros(blocks - 1);
    }
}
