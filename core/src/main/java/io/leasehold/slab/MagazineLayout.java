package io.leasehold.slab;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Where in the slot of a thread its magazines lie: a stack of free blocks for each size.
///
/// ```text
///   cells   FIRST | +1      | +2 ... +1+classes | stack of class 0 | stack of class 1 | ...
///           room  | is open | depth of class c  | oldest ... newest
/// ```
///
/// A stack holds half of what a thread may keep, and at most 64 blocks; all stacks together hold no more than the
/// thread may keep. Sizes above that have no stack.
///
/// **Shut.** A new slot has no room, and neither has a slot that was emptied by a flush. So the first block that its
/// owner frees takes the slow path, which opens the slot and counts it ([HeapChanges]). While no slot is open no block
/// is in a magazine, and a flush has nothing to do: no barrier, no look at any slot.
///
/// **Threads.** Immutable; methods with `cells` are for the thread that is in the slot, or that visits it.
final class MagazineLayout {

    /// No block.
    static final int NONE = -1;

    private static final int MAX_DEPTH = 64;
    private static final int SPACE = BiasedSlot.FIRST;
    private static final int OPEN = SPACE + 1;
    private static final int DEPTHS = OPEN + 1;

    private static final Map<Integer, MagazineLayout> LAYOUTS = new ConcurrentHashMap<>();

    private final int maxBytes; // (C)
    private final Magazine[] magazines; // (C) by size class
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

    /// {@return the layout for threads that may keep `maxBytes`, one for all heaps}
    static MagazineLayout of(int maxBytes) {
        return LAYOUTS.computeIfAbsent(maxBytes, MagazineLayout::new);
    }

    /// Where the magazine of one size lies in each slot: one look-up instead of four.
    private record Magazine(int depthCell, int stackCell, int maxDepth, int byteSize) {}

    /// {@return the bytes that a slot has room for}
    int space(int[] cells) {
        return cells[SPACE];
    }

    /// {@return the number of cells that a slot needs}
    int cellCount() {
        return cellCount;
    }

    /// {@return the number of blocks of a class that a thread keeps at most}
    int depth(int sizeClass) {
        return magazines[sizeClass].maxDepth;
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

    /// Shuts a slot, unless it is shut or a magazine in it has a block.
    ///
    /// @return true if the slot was shut by this call
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

    /// Takes out the newest block of a class that has one.
    void drop(int[] cells, int sizeClass) {
        Magazine magazine = magazines[sizeClass];
        cells[magazine.depthCell]--;
        cells[SPACE] += magazine.byteSize;
    }

    /// {@return true if there is room for a block of the class}
    boolean hasSpace(int[] cells, int sizeClass) {
        Magazine magazine = magazines[sizeClass];
        return cells[magazine.depthCell] < magazine.maxDepth && cells[SPACE] >= magazine.byteSize;
    }

    /// Adds a block of a class for which there is room.
    void add(int[] cells, int sizeClass, int block) {
        Magazine magazine = magazines[sizeClass];
        int depth = cells[magazine.depthCell];
        cells[magazine.stackCell + depth] = block;
        cells[magazine.depthCell] = depth + 1;
        cells[SPACE] -= magazine.byteSize;
    }

    /// {@return true if there was room for the block}
    boolean push(int[] cells, int sizeClass, int block) {
        if (!hasSpace(cells, sizeClass)) {
            return false;
        }
        add(cells, sizeClass, block);
        return true;
    }

    /// Takes the older half of a stack, the colder one.
    ///
    /// @return number of blocks that were written to `out`
    int takeOlderHalf(int[] cells, int sizeClass, int[] out) {
        return takeOlder(cells, sizeClass, (cells[DEPTHS + sizeClass] + 1) / 2, out);
    }

    /// Takes the oldest blocks of a stack, up to `most`.
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

    /// {@return the lowest class from `sizeClass` on of which a slot has a block, or [#NONE]}
    int nextFilled(int[] cells, int sizeClass) {
        for (int c = sizeClass; c < SizeClasses.COUNT; c++) {
            if (cells[DEPTHS + c] > 0) {
                return c;
            }
        }
        return NONE;
    }

    /// {@return the number of blocks of each class in all slots; may be stale}
    int[] peekDepths(BiasedSlots slots) {
        int[] blocks = new int[SizeClasses.COUNT];
        slots.forEach(slot -> {
            if (slot.peek(OPEN) != 0) {
                Arrays.setAll(blocks, c -> blocks[c] + slot.peek(DEPTHS + c));
            }
        });
        return blocks;
    }

    /// {@return the bytes of the blocks in all slots; may be stale}
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
