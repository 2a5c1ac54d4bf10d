package io.leasehold.page;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/// Small stacks of free runs, one set in the slot of each thread: a stack for each class of lengths.
///
/// ```text
///   cells   ... 16 | 17 .. 21         | 22 .. 26            | 27      | 32 .. 63  | 64 .. 95  | ...
///       the slot's | depth of class c | capacity of class c | is open | class 0   | class 1   |
///
///   a cell is an int, a run is its first page; class c holds runs of 2^c pages, c = 0 to 4
/// ```
///
/// Depths and capacities are beside the cell by which a slot is entered, and stacks begin a cache line behind it.
///
/// **Shut.** The capacities of a new slot, and of a slot that was drained, are zero. So its owner finds no room for the
/// first run that it frees, takes the slow path, and opens the slot there. While no slot is open no page is in a
/// magazine, and a drain has nothing to do: no barrier, no look at any slot.
///
/// **Threads.** Methods with `cells` are for the thread that is in the slot; [#drain] is called under one lock at a
/// time, which is never taken in a slot; the rest is thread-safe.
///
/// **Footprint.** At most [#MAX_CLASS_BYTES] a class in each of [BiasedSlots#slotCount] slots, whatever the number of
/// threads. Idle magazines are flushed once in each decay.
///
/// @see <a href="https://www.usenix.org/legacy/event/usenix01/bonwick.html">Bonwick and Adams, "Magazines and Vmem"</a>
final class Magazines {

    static final int CLASSES = 5;
    static final int MAX_DEPTH = 32;
    static final int MAX_RUN = 1 << (CLASSES - 1);

    /// The runs that one slot may have.
    static final int MAX_RUNS = CLASSES * MAX_DEPTH;

    /// What one class of one slot may hold: a burst of reads of one event loop, and 640 KiB a thread in all.
    static final int MAX_CLASS_BYTES = 128 << 10;

    /// No run.
    static final int NONE = -1;

    /// A small arena keeps at most this part of its pages in one stack.
    private static final int MIN_STACKS_PER_ARENA = 16;

    private static final int DEPTHS = BiasedSlot.FIRST;
    private static final int CAPACITIES = DEPTHS + CLASSES;
    private static final int OPEN = CAPACITIES + CLASSES;
    private static final int STACKS = 32;

    private final BiasedSlots slots; // (C)
    private final int[] capacities = new int[CLASSES]; // (C)
    private final AtomicInteger openSlots = new AtomicInteger(); // (A)

    /// @param fenced whether there is no barrier that a reclaimer could use
    Magazines(boolean fenced, int pageCount, long pageByteSize) {
        for (int c = 0; c < CLASSES; c++) {
            long fits = Math.min(MAX_CLASS_BYTES / (pageByteSize << c), (pageCount >> c) / MIN_STACKS_PER_ARENA);
            capacities[c] = (int) Math.min(fits, MAX_DEPTH);
        }
        slots = new BiasedSlots(STACKS + MAX_RUNS - BiasedSlot.FIRST, fenced);
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
    static int peek(int[] cells, int runClass) {
        int depth = cells[DEPTHS + runClass] - 1;
        if (depth < 0) {
            return NONE;
        }
        return cells[STACKS + runClass * MAX_DEPTH + depth];
    }

    /// Takes out the run that [#peek] returns.
    static void drop(int[] cells, int runClass) {
        cells[DEPTHS + runClass]--;
    }

    /// {@return true if [#pushRun] has room for a run}
    ///
    /// @param runClass of the run, or negative if it has none
    static boolean hasRoom(int[] cells, int runClass) {
        return runClass >= 0 && cells[DEPTHS + runClass] < cells[CAPACITIES + runClass];
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

    /// Opens the slot of the calling thread if it is shut.
    ///
    /// @return true if it was shut
    boolean open(int[] cells) {
        if (cells[OPEN] != 0) {
            return false;
        }
        cells[OPEN] = 1;
        System.arraycopy(capacities, 0, cells, CAPACITIES, CLASSES);
        openSlots.incrementAndGet();
        return true;
    }

    /// {@return true if a magazine may have a page}
    boolean areOpen() {
        return openSlots.get() > 0;
    }

    /// {@return true if a slot has no run}
    static boolean isEmpty(int[] cells) {
        int runs = 0;
        for (int c = 0; c < CLASSES; c++) {
            runs += cells[DEPTHS + c];
        }
        return runs == 0;
    }

    /// Empties the magazines of one slot.
    ///
    /// @param runs gets the first pages, class after class
    /// @param counts gets the number of runs of each class
    static void empty(int[] cells, int[] runs, int[] counts) {
        int at = 0;
        for (int c = 0; c < CLASSES; c++) {
            counts[c] = cells[DEPTHS + c];
            System.arraycopy(cells, STACKS + c * MAX_DEPTH, runs, at, counts[c]);
            cells[DEPTHS + c] = 0;
            at += counts[c];
        }
    }

    /// Empties and shuts every slot, as [BiasedSlots#visit] does.
    ///
    /// @param sink gets what [#empty] says, slot after slot
    /// @return how many slots stayed busy for too long and were left alone
    int drain(BiConsumer<int[], int[]> sink) {
        int[] runs = new int[MAX_RUNS];
        int[] counts = new int[CLASSES];
        return slots.visit(slot -> {
            int[] cells = slot.cells();
            if (cells[OPEN] != 0) {
                empty(cells, runs, counts);
                Arrays.fill(cells, CAPACITIES, CAPACITIES + CLASSES, 0);
                cells[OPEN] = 0;
                openSlots.decrementAndGet();
                sink.accept(runs, counts);
            }
        });
    }

    /// {@return the number of pages in all slots; exact while no thread is in one}
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
