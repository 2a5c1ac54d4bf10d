package io.leasehold.slab;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The layout of the magazines in the slot of a thread: one stack of free blocks for each size class.
///
/// ```text
///   cells   FIRST | +1      | +2 ... +1+classes | stack of class 0 | stack of class 1 | ...
///           space | is open | depth of class c  | oldest ... newest
/// ```
///
/// A magazine holds at most 64 blocks, and at most half of the bytes that a thread may cache, or one block that is
/// longer than that half. All magazines together hold at most the bytes that a thread may cache. A size class whose
/// block is longer than these bytes has no magazine.
///
/// **Shut.** A new slot is shut: its space is zero. So is a slot that was emptied by a flush. So the first block that
/// the owner thread frees takes the slow path, which opens the slot and counts it ([HeapChanges]). While no slot is
/// open, no magazine has a block, and a flush has nothing to do: it needs no barrier and visits no slot.
///
/// **Threads.** Immutable. Methods with `cells` are for the thread that is in the slot, or that visits the slot.
final class MagazineLayout {

    /// The value that is not a block.
    static final int NONE = -1;

    private static final int MAX_DEPTH = 64;

    /// A refill takes at most the space that is left in a slot divided by this, so that one size class does not use all
    /// of it.
    private static final int REFILLS_PER_SLOT = 4;

    /// The cell with the number of bytes that a slot can still take.
    static final int SPACE = BiasedSlot.FIRST;

    private static final int OPEN = SPACE + 1;
    private static final int DEPTHS = OPEN + 1;

    /// The layout that was made last, which heaps with the same options share. One is kept, not one for each number of
    /// bytes: these would never go.
    private static volatile @Nullable MagazineLayout last; // (A) racy on purpose

    private final int maxBytes; // (C)
    private final Magazine[] magazines; // (C) indexed by size class
    private final int cellCount; // (C)

    private MagazineLayout(int maxBytes) {
        this.maxBytes = maxBytes;
        int count = 0;
        while (count < SizeClasses.COUNT && SizeClasses.byteSize(count) <= maxBytes) {
            count++;
        }
        this.magazines = new Magazine[SizeClasses.COUNT];
        int cell = DEPTHS + SizeClasses.COUNT;
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            int byteSize = SizeClasses.byteSize(c);
            int depth = c < count ? Math.clamp(maxBytes / 2 / byteSize, 1, MAX_DEPTH) : 0;
            magazines[c] = new Magazine(DEPTHS + c, cell, depth, byteSize);
            cell += depth;
        }
        this.cellCount = cell - BiasedSlot.FIRST;
    }

    /// {@return the layout for threads that cache up to `maxBytes` bytes}
    static MagazineLayout of(int maxBytes) {
        MagazineLayout layout = last;
        if (layout == null || layout.maxBytes != maxBytes) {
            layout = new MagazineLayout(maxBytes);
            last = layout;
        }
        return layout;
    }

    /// The place of one magazine in each slot, so that one look-up replaces four.
    private record Magazine(int depthCell, int stackCell, int maxDepth, int byteSize) {}

    /// {@return the magazine of a size class, with the objects of its blocks}
    <T> ObjectMagazine<T> with(BlockObjects<T> objects, int sizeClass) {
        Magazine magazine = magazines[sizeClass];
        return new ObjectMagazine<>(
                magazine.depthCell, magazine.stackCell, magazine.byteSize, magazine.maxDepth, objects);
    }

    /// {@return number of cells that a slot needs}
    int cellCount() {
        return cellCount;
    }

    /// {@return maximum number of blocks of a class in a magazine}
    int depth(int sizeClass) {
        return magazines[sizeClass].maxDepth;
    }

    /// {@return number of blocks for a refill, after which the magazine of the class is at most half full}
    int refill(int[] cells, int sizeClass) {
        Magazine magazine = magazines[sizeClass];
        return Math.min(magazine.maxDepth / 2, cells[SPACE] / REFILLS_PER_SLOT / magazine.byteSize);
    }

    /// Opens the slot of the calling thread if it is shut.
    ///
    /// @return true if it was shut
    boolean open(int[] cells) {
        if (cells[OPEN] != 0) {
            return false;
        }
        cells[OPEN] = 1;
        cells[SPACE] = maxBytes;
        return true;
    }

    /// Shuts a slot, unless it is shut or has a block.
    ///
    /// @return true if this call shut the slot
    boolean shut(int[] cells) {
        if (cells[OPEN] == 0 || cells[SPACE] != maxBytes) {
            return false;
        }
        cells[OPEN] = 0;
        cells[SPACE] = 0;
        return true;
    }

    /// {@return the newest block of the class, or [#NONE]}
    int peek(int[] cells, int sizeClass) {
        Magazine magazine = magazines[sizeClass];
        int depth = cells[magazine.depthCell];
        return depth == 0 ? NONE : cells[magazine.stackCell + depth - 1];
    }

    /// Removes the newest block of a class, which must have one.
    void drop(int[] cells, int sizeClass) {
        Magazine magazine = magazines[sizeClass];
        cells[magazine.depthCell]--;
        cells[SPACE] += magazine.byteSize;
    }

    /// Adds a block if there is space.
    ///
    /// @return true if the block was added
    boolean push(int[] cells, int sizeClass, int block) {
        Magazine magazine = magazines[sizeClass];
        return push(cells, magazine.depthCell, magazine.stackCell, magazine.maxDepth, magazine.byteSize, block);
    }

    /// Adds a block to the magazine at these cells if there is space.
    ///
    /// @return true if the block was added
    static boolean push(int[] cells, int depthCell, int stackCell, int maxDepth, int byteSize, int block) {
        int depth = cells[depthCell];
        int space = cells[SPACE] - byteSize;
        if (depth == maxDepth || space < 0) {
            return false;
        }
        cells[stackCell + depth] = block;
        cells[depthCell] = depth + 1;
        cells[SPACE] = space;
        return true;
    }

    /// Removes the older half of a magazine, whose blocks are less likely to be in the processor's cache.
    ///
    /// @return number of blocks that were written to `out`
    int takeOlderHalf(int[] cells, int sizeClass, int[] out) {
        return takeOlder(cells, sizeClass, (cells[DEPTHS + sizeClass] + 1) / 2, out);
    }

    /// Removes the oldest blocks of a magazine, at most `most`.
    ///
    /// @return number of blocks that were written to `out`
    int takeOlder(int[] cells, int sizeClass, int most, int[] out) {
        int depth = cells[DEPTHS + sizeClass];
        int count = Math.min(depth, most);
        int stack = magazines[sizeClass].stackCell;
        System.arraycopy(cells, stack, out, 0, count);
        System.arraycopy(cells, stack + count, cells, stack, depth - count);
        cells[DEPTHS + sizeClass] = depth - count;
        cells[SPACE] += count * magazines[sizeClass].byteSize;
        return count;
    }

    /// {@return the lowest class, from `sizeClass` on, whose magazine has a block, or [#NONE]}
    int nextFilled(int[] cells, int sizeClass) {
        for (int c = sizeClass; c < SizeClasses.COUNT; c++) {
            if (cells[DEPTHS + c] > 0) {
                return c;
            }
        }
        return NONE;
    }

    /// {@return number of blocks in all slots, by size class; may be stale}
    int[] peekDepths(BiasedSlots slots) {
        int[] blocks = new int[SizeClasses.COUNT];
        peekDepths(slots, blocks);
        return blocks;
    }

    /// Writes the number of blocks in all slots, by size class, to `out`; may be stale. Allocates nothing.
    void peekDepths(BiasedSlots slots, int[] out) {
        Arrays.fill(out, 0);
        for (int i = 0; i < slots.slotCount(); i++) {
            BiasedSlot slot = slots.slot(i);
            if (slot != null && slot.peek(OPEN) != 0) {
                for (int c = 0; c < SizeClasses.COUNT; c++) {
                    out[c] += slot.peek(DEPTHS + c);
                }
            }
        }
    }

    /// {@return bytes of the blocks in all slots; may be stale}
    long peekBytes(BiasedSlots slots) {
        long[] bytes = new long[1];
        slots.forEach(slot -> bytes[0] += slot.peek(OPEN) == 0 ? 0 : maxBytes - slot.peek(SPACE));
        return bytes[0];
    }

    @Override
    public String toString() {
        return "MagazineLayout(maxBytes=" + maxBytes + ", cells=" + cellCount + ")";
    }
}
