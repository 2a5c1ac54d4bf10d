package io.leasehold.slab;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A run of pages cut into blocks of one size, and which of them are at home.
///
/// ```text
///   blocks   | 0 | 1 | 2 | 3 | 4 | 5 |  tail        a bit each: at home, or lent (or in a magazine, or in the depot)
///   pages    |   0   |   1   |   2   |
///
///   thinned out, while block 5 is lent:     page 2 is left; blocks 0 to 3 are gone for good
/// ```
///
/// **Threads.** Guarded by the lock of its [ClassPool]; where its blocks lie may be read by whoever has one.
///
/// **Invariants.** I1: `home` is the population of the bitmap. I2: a block that is gone is not at home.
final class Slab {

    private final SlabShape shape; // (C)
    private final long address; // (C) of block 0
    private final byte @Nullable [] array; // (C) null outside the Java heap
    private final long[] homeBits; // (L)
    private List<SlabRun> runs; // (L) one, or what was left
    private int home; // (L)
    private final BitSet gone = new BitSet(0); // (L) blocks whose pages were given back
    private boolean isThin; // (L) nothing came home since the last [#thinOut]

    /// Cuts a run into blocks: as many as the shape says, or as there is room for if the run is shorter.
    Slab(SlabShape shape, SlabRun run, int pageByteSize, boolean isHome) {
        int blocks = (int) Math.min(shape.blocks(), (long) run.pages * pageByteSize / shape.byteSize());
        this.shape = shape;
        this.address = run.address;
        this.array = run.array;
        this.runs = List.of(run);
        this.homeBits = new long[Math.ceilDiv(shape.blocks(), Long.SIZE)];
        for (int block = 0; isHome && block < blocks; block++) {
            comeHome(block);
        }
        gone.set(blocks, shape.blocks());
    }

    /// Takes the lowest block that is at home, of which there is one.
    int take() {
        int word = 0;
        while (homeBits[word] == 0) {
            word++;
        }
        long bits = homeBits[word];
        homeBits[word] = bits & (bits - 1);
        home--;
        return word * Long.SIZE + Long.numberOfTrailingZeros(bits);
    }

    /// Notes that a block is home again.
    void comeHome(int block) {
        assert !isHome(block) : "came home twice: block=" + block + " of " + this;
        homeBits[block / Long.SIZE] |= 1L << block;
        home++;
        isThin = false;
    }

    /// {@return whether no block is lent}
    boolean isIdle() {
        return home == present();
    }

    int home() {
        return home;
    }

    /// {@return how many blocks are not gone}
    int present() {
        return shape.blocks() - gone.cardinality();
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
        int pages = 0;
        for (int i = 0; i < runs.size(); i++) { // asked with each large block that comes and goes: no garbage
            pages += runs.get(i).pages;
        }
        return pages;
    }

    /// {@return whether somebody outside has the block: its holder, a magazine or the depot}
    boolean isLent(int block) {
        return !isHome(block) && !gone.get(block);
    }

    /// Gives back the pages that no lent block lies in; the blocks that lay there are gone for good.
    void thinOut(SlabMemory memory) {
        if (isThin) {
            return; // nothing came home since the last time
        }
        int pageByteSize = memory.pageByteSize();
        BitSet needed = pagesOfLent(pageByteSize);
        for (int block = 0; block < shape.blocks(); block++) {
            if (isHome(block) && !isWithin(needed, block, pageByteSize)) {
                homeBits[block / Long.SIZE] &= ~(1L << block);
                gone.set(block);
                home--;
            }
        }
        List<SlabRun> left = new ArrayList<>();
        for (SlabRun run : runs) {
            int first = (int) ((run.address - address) / pageByteSize);
            BitSet kept = needed.get(first, first + run.pages);
            if (kept.cardinality() == run.pages) {
                left.add(run);
            } else if (kept.isEmpty()) {
                memory.free(run);
            } else {
                left.addAll(memory.keep(run, kept));
            }
        }
        runs = List.copyOf(left);
        isThin = true;
    }

    private BitSet pagesOfLent(int pageByteSize) {
        BitSet pages = new BitSet();
        for (int block = 0; block < shape.blocks(); block++) {
            if (isLent(block)) {
                pages.set(firstPage(block, pageByteSize), lastPage(block, pageByteSize) + 1);
            }
        }
        return pages;
    }

    private boolean isWithin(BitSet pages, int block, int pageByteSize) {
        int from = firstPage(block, pageByteSize);
        return pages.nextClearBit(from) > lastPage(block, pageByteSize);
    }

    private int firstPage(int block, int pageByteSize) {
        return (int) ((long) block * shape.byteSize() / pageByteSize);
    }

    private int lastPage(int block, int pageByteSize) {
        return (int) (((block + 1L) * shape.byteSize() - 1) / pageByteSize);
    }

    private boolean isHome(int block) {
        return (homeBits[block / Long.SIZE] >>> block & 1) != 0;
    }

    void checkInvariants() {
        int population = 0;
        for (long word : homeBits) {
            population += Long.bitCount(word);
        }
        if (population != home || home > present()) {
            throw new AssertionError("I1: population=" + population + " of " + this);
        }
    }

    @Override
    public String toString() {
        return "Slab(byteSize=%d, blocks=%d, present=%d, home=%d, runs=%s)"
                .formatted(shape.byteSize(), shape.blocks(), present(), home, runs);
    }
}
