package io.leasehold.slab;

import java.util.Arrays;
import java.util.BitSet;

/// The state of the blocks of one size class: one bit for each block, and the count of taken blocks of each slab.
///
/// ```text
///   slab      | 0      | 1      | 2      | ...        1,024 slabs a segment; the first segment grows to that size
///   bits      | 10110  | 11111  | 00000  |            1: free in the slab
///   taken     |   2    |   0    |   5    |            in use, in a magazine, or in the depot
/// ```
///
/// The states of neighbouring slabs are adjacent. So freeing blocks in random order touches two dense arrays, and no
/// object of each slab: a burst of 4 million blocks has 262,144 slabs.
///
/// **Threads.** Guarded by the lock of the [ClassPool].
final class FreeBlocks {

    private static final int SEGMENT_POWER = 10;
    private static final int SEGMENT_SLABS = 1 << SEGMENT_POWER;
    private static final int MIN_SLABS = 8;

    private final int wordsPerSlab; // (C)
    private Segment[] segments = new Segment[0]; // (L)
    private int segmentCount; // (L)
    private int capacity; // (L) number of slabs that fit

    FreeBlocks(int blocksPerSlab) {
        this.wordsPerSlab = Math.ceilDiv(blocksPerSlab, Long.SIZE);
    }

    /// The state of up to 1,024 slabs.
    private static final class Segment {
        long[] bits; // (L)
        char[] taken; // (L) a slab has at most 4,096 blocks

        Segment(int slabs, int wordsPerSlab) {
            bits = new long[slabs * wordsPerSlab];
            taken = new char[slabs];
        }
    }

    /// Reserves capacity for a slab, so that no other method can fail.
    void prepare(int slab) {
        if (slab < capacity) {
            return;
        }
        if (capacity < SEGMENT_SLABS) {
            int slabs = Math.max(MIN_SLABS, Math.min(SEGMENT_SLABS, 2 * capacity));
            Segment first = new Segment(slabs, wordsPerSlab);
            if (segmentCount > 0) {
                Segment before = segments[0];
                System.arraycopy(before.bits, 0, first.bits, 0, before.bits.length);
                System.arraycopy(before.taken, 0, first.taken, 0, before.taken.length);
            }
            segments = new Segment[] {first};
            segmentCount = 1;
            capacity = slabs;
        } else {
            Segment more = new Segment(SEGMENT_SLABS, wordsPerSlab);
            if (segmentCount == segments.length) {
                segments = Arrays.copyOf(segments, 2 * segmentCount);
            }
            segments[segmentCount++] = more;
            capacity += SEGMENT_SLABS;
        }
    }

    /// Sets the state of a new slab: its first `free` blocks are free, and `taken` others are taken.
    void begin(int slab, int free, int taken) {
        Segment segment = segment(slab);
        int word = firstWord(slab);
        for (int i = 0; i < wordsPerSlab; i++) {
            int here = Math.clamp(free - i * (long) Long.SIZE, 0, Long.SIZE);
            segment.bits[word + i] = here == 0 ? 0 : -1L >>> (Long.SIZE - here);
        }
        segment.taken[slab & (SEGMENT_SLABS - 1)] = (char) taken;
    }

    /// Takes the lowest free block of a slab, which must have one.
    int take(int slab) {
        Segment segment = segment(slab);
        int first = firstWord(slab);
        int word = first;
        while (segment.bits[word] == 0) {
            word++;
        }
        long bits = segment.bits[word];
        segment.bits[word] = bits & (bits - 1);
        segment.taken[slab & (SEGMENT_SLABS - 1)]++;
        return (word - first) * Long.SIZE + Long.numberOfTrailingZeros(bits);
    }

    /// Frees a taken block.
    ///
    /// @return number of blocks of the slab that are still taken
    int put(int slab, int block) {
        Segment segment = segment(slab);
        int word = firstWord(slab) + (block >>> 6);
        long bit = 1L << block;
        assert (segment.bits[word] & bit) == 0 : "block was freed twice: slab=" + slab + ", block=" + block;
        segment.bits[word] |= bit;
        return --segment.taken[slab & (SEGMENT_SLABS - 1)];
    }

    /// Removes free blocks whose memory is freed. Taken blocks are not changed.
    void removeAll(int slab, BitSet absent) {
        Segment segment = segment(slab);
        int first = firstWord(slab);
        for (int block = absent.nextSetBit(0); block >= 0; block = absent.nextSetBit(block + 1)) {
            segment.bits[first + (block >>> 6)] &= ~(1L << block);
        }
    }

    boolean isFree(int slab, int block) {
        return (segment(slab).bits[firstWord(slab) + (block >>> 6)] >>> block & 1) != 0;
    }

    /// {@return number of free blocks of a slab}
    int free(int slab) {
        Segment segment = segment(slab);
        int first = firstWord(slab);
        int free = 0;
        for (int word = first; word < first + wordsPerSlab; word++) {
            free += Long.bitCount(segment.bits[word]);
        }
        return free;
    }

    boolean hasFree(int slab) {
        Segment segment = segment(slab);
        int first = firstWord(slab);
        long any = 0;
        for (int word = first; word < first + wordsPerSlab; word++) {
            any |= segment.bits[word];
        }
        return any != 0;
    }

    /// {@return number of taken blocks of a slab}
    int taken(int slab) {
        return segment(slab).taken[slab & (SEGMENT_SLABS - 1)];
    }

    private Segment segment(int slab) {
        return segments[slab >>> SEGMENT_POWER];
    }

    private int firstWord(int slab) {
        return (slab & (SEGMENT_SLABS - 1)) * wordsPerSlab;
    }
}
