package io.leasehold.page;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import java.util.Arrays;

/// Small stacks of free runs, one set in the slot of each thread: a stack for each class of lengths.
///
/// ```text
///   cells   ... 16 | 17 .. 21         | 22 .. 26            | 32 .. 63  | 64 .. 95  | ...
///       the slot's | depth of class c | capacity of class c | class 0   | class 1   |
///
///   a cell is an int, a run is its first page; class c holds runs of 2^c pages, c = 0 to 4
/// ```
///
/// Depths and capacities are beside the cell by which a slot is entered, and stacks begin a cache line behind it.
///
/// **Threads.** What takes cells is for whoever is in the slot that they belong to; [#drain] and [#cachedPages] are
/// called under the lock of [FrameAllocator], which therefore is never taken in a slot; the rest is constant.
///
/// **Footprint.** At most [#MAX_CLASS_BYTES] a class in each of [BiasedSlots#slotCount] slots, whatever the number of
/// threads. Reclaiming at each decay brings idle magazines home.
///
/// @see <a href="https://www.usenix.org/legacy/event/usenix01/bonwick.html">Bonwick and Adams, "Magazines and Vmem"</a>
final class Magazines {

    static final int CLASSES = 5;
    static final int MAX_DEPTH = 32;
    static final int MAX_RUN = 1 << (CLASSES - 1);

    /// What one class of one slot may hold: a burst of reads of one event loop, and 640 KiB a thread in all.
    static final int MAX_CLASS_BYTES = 128 << 10;

    /// No run.
    static final int NONE = -1;

    /// A small arena keeps at most this part of its pages in one stack.
    private static final int MIN_STACKS_PER_ARENA = 16;

    private static final int DEPTHS = BiasedSlot.FIRST;
    private static final int CAPACITIES = DEPTHS + CLASSES;
    private static final int STACKS = 32;

    private final BiasedSlots slots; // (C)
    private final int[] capacities = new int[CLASSES]; // (C)

    /// @param fenced whether there is no barrier that a reclaimer could use
    Magazines(boolean fenced, int pageCount, long pageByteSize) {
        for (int c = 0; c < CLASSES; c++) {
            long fits = Math.min(MAX_CLASS_BYTES / (pageByteSize << c), (pageCount >> c) / MIN_STACKS_PER_ARENA);
            capacities[c] = (int) Math.min(fits, MAX_DEPTH);
        }
        int[] cells = new int[STACKS + CLASSES * MAX_DEPTH];
        System.arraycopy(capacities, 0, cells, CAPACITIES, CLASSES);
        slots = new BiasedSlots(cells, fenced);
    }

    /// {@return the magazine class of runs of `pageCount` pages, or -1 if they have none}
    static int classOf(int pageCount) {
        return pageCount > 0 && pageCount <= MAX_RUN && (pageCount & (pageCount - 1)) == 0
                ? Integer.numberOfTrailingZeros(pageCount)
                : -1;
    }

    /// {@return the slots whose cells the stacks are in}
    BiasedSlots slots() {
        return slots;
    }

    int capacity(int runClass) {
        return capacities[runClass];
    }

    /// {@return the first page of a free run, or [#NONE]}
    static int pop(int[] cells, int runClass) {
        int depth = cells[DEPTHS + runClass] - 1;
        if (depth < 0) {
            return NONE;
        }
        cells[DEPTHS + runClass] = depth;
        return cells[STACKS + runClass * MAX_DEPTH + depth];
    }

    /// {@return whether there was room for the run}
    static boolean push(int[] cells, int runClass, int page) {
        int depth = cells[DEPTHS + runClass];
        if (depth >= cells[CAPACITIES + runClass]) {
            return false;
        }
        cells[STACKS + runClass * MAX_DEPTH + depth] = page;
        cells[DEPTHS + runClass] = depth + 1;
        return true;
    }

    /// {@return whether there was room for a run of `count` pages}
    static boolean pushRun(int[] cells, int page, int count) {
        if (count == 1) {
            return push(cells, 0, page);
        }
        int runClass = classOf(count);
        return runClass >= 0 && push(cells, runClass, page);
    }

    /// Takes the older half of a stack, the colder one, for the common pool.
    ///
    /// @return how many runs were written to `out`
    static int takeOlderHalf(int[] cells, int runClass, int[] out) {
        int depth = cells[DEPTHS + runClass];
        int count = (depth + 1) / 2;
        int stack = STACKS + runClass * MAX_DEPTH;
        System.arraycopy(cells, stack, out, 0, count);
        System.arraycopy(cells, stack + count, cells, stack, depth - count);
        cells[DEPTHS + runClass] = depth - count;
        return count;
    }

    /// Empties every slot, as [BiasedSlots#visit] does.
    ///
    /// @return how many slots stayed busy for too long and were left alone
    int drain(FreeRunSink sink) {
        return slots.visit(slot -> {
            for (int c = 0; c < CLASSES; c++) {
                for (int page = pop(slot.cells(), c); page >= 0; page = pop(slot.cells(), c)) {
                    sink.accept(page, 1 << c);
                }
            }
        });
    }

    /// Where drained runs go.
    interface FreeRunSink {
        void accept(int page, int pageCount);
    }

    /// {@return the pages in all slots; exact while nobody is in one}
    int cachedPages() {
        int[] pages = new int[1];
        slots.forEach(slot -> {
            for (int c = 0; c < CLASSES; c++) {
                pages[0] += slot.peek(DEPTHS + c) << c;
            }
        });
        return pages[0];
    }

    @Override
    public String toString() {
        return "Magazines(capacities=" + Arrays.toString(capacities) + ", " + slots + ")";
    }
}
