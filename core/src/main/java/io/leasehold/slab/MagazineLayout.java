package io.leasehold.slab;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import java.util.Arrays;

/// Where in the slot of a thread its magazines lie: a stack of free blocks for each size.
///
/// ```text
///   cells   FIRST | +1 ... +1+classes | stack of class 0 | stack of class 1 | ...
///           bytes | depth of class c  | oldest ... newest
/// ```
///
/// A stack holds half of what a thread may keep, and at most 64 blocks; all stacks together hold no more than the
/// thread may keep. Sizes above that have no stack: they are never found here.
///
/// **Threads.** Immutable; the cells are confined to whoever is in the slot.
final class MagazineLayout {

    /// No block.
    static final int NONE = -1;

    private static final int MAX_DEPTH = 64;
    private static final int BYTES = BiasedSlot.FIRST;
    private static final int DEPTHS = BYTES + 1;

    private final int maxBytes; // (C)
    private final Magazine[] magazines; // (C) by size class
    private final int cellCount; // (C)

    MagazineLayout(int maxBytes) {
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

    /// Where the magazine of one size lies in each slot: one look-up instead of four.
    private record Magazine(int depthCell, int stackCell, int maxDepth, int byteSize) {}

    /// {@return how many bytes a slot has room for}
    int room(int[] cells) {
        return maxBytes - cells[BYTES];
    }

    /// {@return how many cells a slot needs}
    int cellCount() {
        return cellCount;
    }

    /// {@return how many blocks of a class a thread keeps at most}
    int depth(int sizeClass) {
        return magazines[sizeClass].maxDepth;
    }

    /// {@return a block of the class, or [#NONE]}
    int pop(int[] cells, int sizeClass) {
        Magazine magazine = magazines[sizeClass];
        int depth = cells[magazine.depthCell] - 1;
        if (depth < 0) {
            return NONE;
        }
        cells[magazine.depthCell] = depth;
        cells[BYTES] -= magazine.byteSize;
        return cells[magazine.stackCell + depth];
    }

    /// {@return whether there was room for a block}
    boolean push(int[] cells, int sizeClass, int block) {
        Magazine magazine = magazines[sizeClass];
        int depth = cells[magazine.depthCell];
        int bytes = cells[BYTES] + magazine.byteSize;
        if (depth >= magazine.maxDepth || bytes > maxBytes) {
            return false;
        }
        cells[magazine.stackCell + depth] = block;
        cells[magazine.depthCell] = depth + 1;
        cells[BYTES] = bytes;
        return true;
    }

    /// Takes the older half of a stack, the colder one.
    ///
    /// @return how many blocks were written to `out`
    int takeOlderHalf(int[] cells, int sizeClass, int[] out) {
        int depth = cells[DEPTHS + sizeClass];
        int count = (depth + 1) / 2;
        int stack = magazines[sizeClass].stackCell;
        System.arraycopy(cells, stack, out, 0, count);
        System.arraycopy(cells, stack + count, cells, stack, depth - count);
        cells[DEPTHS + sizeClass] = depth - count;
        cells[BYTES] -= count * magazines[sizeClass].byteSize;
        return count;
    }

    /// {@return whether a slot has a block of the class}
    boolean isFilled(int[] cells, int sizeClass) {
        return cells[magazines[sizeClass].depthCell] > 0;
    }

    /// {@return how many blocks of each class all slots hold, as anybody may see it}
    int[] peekDepths(BiasedSlots slots) {
        int[] blocks = new int[SizeClasses.COUNT];
        slots.forEach(slot -> Arrays.setAll(blocks, c -> blocks[c] + slot.peek(DEPTHS + c)));
        return blocks;
    }

    @Override
    public String toString() {
        return "MagazineLayout(maxBytes=" + maxBytes + ", cells=" + cellCount + ")";
    }
}
