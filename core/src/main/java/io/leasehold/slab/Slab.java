package io.leasehold.slab;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A run of pages cut into blocks of one size: where the blocks lie, and which of them are left.
///
/// ```text
///   blocks   | 0 | 1 | 2 | 3 | 4 | 5 |  tail        which blocks are free is in FreeBlocks
///   pages    |   0   |   1   |   2   |
///
///   purged, while block 5 is lent:          page 2 is left; blocks 0 to 3 are absent for good
/// ```
///
/// **Threads.** Guarded by the lock of its [ClassPool]; the place of a block may be read by the thread that has it. The
/// runs belong to the thread that purges the slab or frees it.
final class Slab {

    private final SlabShape shape; // (C)
    private final long address; // (C) of block 0
    private final byte @Nullable [] array; // (C) null outside the Java heap
    private List<SlabRun> runs; // (O) one, or what was left
    private int pages; // (L) of all runs
    private int present; // (L) blocks that are not gone
    private @Nullable BitSet absent; // (L) blocks whose pages were given back
    private boolean isPurging; // (L)

    @Nullable Slab below; // (O) the thread that frees slabs: the next one of a chain

    /// Cuts a run into blocks: as many as the shape says, or as there is room for if the run is shorter.
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

    /// {@return number of blocks that are not gone}
    int present() {
        return present;
    }

    boolean isPurging() {
        return isPurging;
    }

    /// {@return true if the pages of the block were given back, or if it never had any}
    boolean isAbsent(int block) {
        return absent == null ? block >= present : absent.get(block);
    }

    /// Finds the pages that a purge may give back.
    ///
    /// @param state which blocks are free
    /// @param slab the number of this slab there
    /// @return the pages in which a block lies that is out, or null if that are all that are left
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

    /// {@return the blocks that are absent once only the pages in `keep` are left}
    BitSet absentWithout(FreeBlocks state, int slab, BitSet keep, int pageByteSize) {
        BitSet without = new BitSet(shape.blocks());
        for (int block = 0; block < shape.blocks(); block++) {
            without.set(block, isAbsent(block) || (state.isFree(slab, block) && !isWithin(keep, block, pageByteSize)));
        }
        return without;
    }

    /// Begins a purge.
    ///
    /// @param without from [#absentWithout]
    /// @return number of blocks that went
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
    /// @param left the runs that were kept
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
        return "Slab(byteSize=%d, blocks=%d, present=%d, runs=%s)"
                .formatted(shape.byteSize(), shape.blocks(), present, runs);
    }
}
