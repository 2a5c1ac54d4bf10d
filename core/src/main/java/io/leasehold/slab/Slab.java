package io.leasehold.slab;

import static io.leasehold.text.Texts.format;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A run of pages that is divided into blocks of one size: the place of each block, and the blocks that are present.
///
/// ```text
///   blocks   | 0 | 1 | 2 | 3 | 4 | 5 |  tail        FreeBlocks knows which blocks are free
///   pages    |   0   |   1   |   2   |
///
///   purged while block 5 is in use: page 2 is left, and blocks 0 to 3 are absent until the slab is freed
/// ```
///
/// **Threads.** Guarded by the lock of its [ClassPool]. A thread that has a block may read its place without the lock.
/// The runs belong to the thread that purges the slab or frees it.
final class Slab {

    private final SlabShape shape; // (C)
    private final long address; // (C) of block 0
    private final byte @Nullable [] array; // (C) null outside the Java heap
    private List<SlabRun> runs; // (O) one run, or the runs that a purge kept
    private int pages; // (L) of all runs
    private int present; // (L) number of blocks that have memory
    private @Nullable BitSet absent; // (L) blocks without memory, after the first purge
    private boolean isPurging; // (L)

    @Nullable Slab below; // (O) next slab in the chain of the thread that frees them

    /// Divides a run into blocks. A run that is shorter than the shape has fewer blocks.
    Slab(SlabShape shape, SlabRun run, int pageByteSize) {
        this.shape = shape;
        this.address = run.address;
        this.array = run.array;
        this.runs = List.of(run);
        this.pages = run.pages;
        this.present = (int) Math.min(shape.blocks(), (long) run.pages * pageByteSize / shape.byteSize());
    }

    long addressOf(int block) {
        return address + (long) block * shape.byteSize();
    }

    byte @Nullable [] array() {
        return array;
    }

    List<SlabRun> runs() {
        return runs;
    }

    int pages() {
        return pages;
    }

    /// {@return true if the slab counts as a large one ([RetainedSlabs])}
    boolean isLarge() {
        return pages > SlabShape.MAX_PAGES;
    }

    /// {@return number of blocks that have memory}
    int present() {
        return present;
    }

    boolean isPurging() {
        return isPurging;
    }

    /// {@return true if the block has no memory: its pages were freed, or the run was too short for it}
    boolean isAbsent(int block) {
        return absent == null ? block >= present : absent.get(block);
    }

    /// Finds the pages that a purge must keep.
    ///
    /// @param state state of the blocks
    /// @param slab number of this slab in `state`
    /// @return the pages of taken blocks, or null if no other page is left
    @Nullable BitSet pagesToKeep(FreeBlocks state, int slab, int pageByteSize) {
        BitSet needed = new BitSet();
        for (int block = 0; block < shape.blocks(); block++) {
            if (!state.isFree(slab, block) && !isAbsent(block)) {
                needed.set(firstPage(block, pageByteSize), lastPage(block, pageByteSize) + 1);
            }
        }
        int left = 0;
        for (SlabRun run : runs) {
            int first = (int) ((run.address - address) / pageByteSize);
            left += needed.get(first, first + run.pages).cardinality();
        }
        return left == pages ? null : needed;
    }

    /// {@return the blocks that are absent when only the pages in `keep` are left}
    BitSet absentWithout(FreeBlocks state, int slab, BitSet keep, int pageByteSize) {
        BitSet without = new BitSet(shape.blocks());
        for (int block = 0; block < shape.blocks(); block++) {
            without.set(block, isAbsent(block) || (state.isFree(slab, block) && !isWithin(keep, block, pageByteSize)));
        }
        return without;
    }

    /// Begins a purge.
    ///
    /// @param without blocks from [#absentWithout]
    /// @return number of blocks that were removed
    int beginPurge(BitSet without) {
        int left = shape.blocks() - without.cardinality();
        int removed = present - left;
        absent = without;
        present = left;
        isPurging = true;
        return removed;
    }

    /// Ends a purge.
    ///
    /// @param left runs that were kept
    void endPurge(List<SlabRun> left) {
        runs = left;
        pages = 0;
        for (SlabRun run : left) {
            pages += run.pages;
        }
        isPurging = false;
    }

    private boolean isWithin(BitSet pages, int block, int pageByteSize) {
        return pages.nextClearBit(firstPage(block, pageByteSize)) > lastPage(block, pageByteSize);
    }

    private int firstPage(int block, int pageByteSize) {
        return (int) ((long) block * shape.byteSize() / pageByteSize);
    }

    private int lastPage(int block, int pageByteSize) {
        return (int) (((block + 1L) * shape.byteSize() - 1) / pageByteSize);
    }

    @Override
    public String toString() {
        return format(
                "Slab(byteSize=%d, blocks=%d, present=%d, runs=%s)", shape.byteSize(), shape.blocks(), present, runs);
    }
}
