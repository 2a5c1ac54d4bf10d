package io.leasehold.page;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/// Magazines: stacks of free runs that a thread caches. The slot of each thread has one magazine for each class of run
/// lengths.
///
/// ```text
///   cells   ... 16 | 17 .. 21         | 22 .. 26            | 27      | 28, 29       | 32 .. 63 | 64 .. 95 | ...
///       the slot's | depth of class c | capacity of class c | is open | deferred run | class 0  | class 1  |
///
///   a cell is an int, and a run is stored as its first page; class c holds runs of 2^c pages, c = 0 to 4
/// ```
///
/// Depths and capacities are in the same cache line as the cell by which a slot is entered. The stacks begin in the
/// next cache line.
///
/// **Shut.** The capacities of a new slot, and of a slot that was drained, are zero. So its owner thread finds no space
/// for the first run that it frees, takes the slow path, and opens the slot there. While no slot is open, no page is in
/// a magazine. A drain then has nothing to do: it needs no barrier and visits no slot.
///
/// **Deferred.** A run that has no class, or whose magazine is full, goes to the pool, and the calls that move it there
/// may overflow the stack. So it is stored in the slot first, as its deferred run. The thread then takes it out for the
/// pool. If it cannot, the next free or a flush does. A check of the stack before each free would cost 4 ns: it depends
/// on the length of the run, and the compare-and-set of the frame would wait for that load.
///
/// **Threads.** Methods with a parameter `cells` are called by the thread that is in the slot. [#drain] is called under
/// one lock at a time, which is never taken inside a slot. All other methods are thread-safe. `ShutSlotStress` checks
/// that a drain misses no slot that a thread opens.
///
/// **Footprint.** At most [#MAX_CLASS_BYTES] for each class in each of [BiasedSlots#slotCount] slots, whatever the
/// number of threads is. Idle magazines are flushed once in each decay.
///
/// @see <a href="https://www.usenix.org/legacy/event/usenix01/bonwick.html">Bonwick and Adams, "Magazines and Vmem"</a>
final class Magazines {

    static final int CLASSES = 5;
    static final int MAX_DEPTH = 32;
    static final int MAX_RUN = 1 << (CLASSES - 1);

    /// Maximum number of runs in one slot, including the deferred run.
    static final int MAX_RUNS = CLASSES * MAX_DEPTH + 1;

    /// Maximum size in bytes of the runs of one class in one slot: a burst of reads of one event loop, and 640 KiB for
    /// a thread in all classes.
    static final int MAX_CLASS_BYTES = 128 << 10;

    /// No run.
    static final int NONE = -1;

    /// One magazine holds at most one part in this number of the pages of a small arena.
    private static final int MIN_STACKS_PER_ARENA = 16;

    private static final int DEPTHS = BiasedSlot.FIRST;
    private static final int CAPACITIES = DEPTHS + CLASSES;
    private static final int OPEN = CAPACITIES + CLASSES;
    private static final int DEFERRED_RUN = OPEN + 1;
    private static final int DEFERRED_PAGES = OPEN + 2;
    private static final int STACKS = 32;

    private final BiasedSlots slots; // (C)
    private final int[] capacities = new int[CLASSES]; // (C)
    private final AtomicInteger openSlots = new AtomicInteger(); // (A)

    /// @param fenced true if the system has no barrier for a revocation
    Magazines(boolean fenced, int pageCount, long pageByteSize) {
        for (int c = 0; c < CLASSES; c++) {
            long fits = Math.min(MAX_CLASS_BYTES / (pageByteSize << c), (pageCount >> c) / MIN_STACKS_PER_ARENA);
            capacities[c] = (int) Math.min(fits, MAX_DEPTH);
        }
        slots = new BiasedSlots(STACKS + CLASSES * MAX_DEPTH - BiasedSlot.FIRST, fenced);
    }

    /// {@return the magazine class of runs of `pageCount` pages, or -1 if there is none}
    static int classOf(int pageCount) {
        return pageCount > 0 && pageCount <= MAX_RUN && (pageCount & (pageCount - 1)) == 0
                ? Integer.numberOfTrailingZeros(pageCount)
                : -1;
    }

    /// {@return the slots whose cells contain the magazines}
    BiasedSlots slots() {
        return slots;
    }

    int capacity(int runClass) {
        return capacities[runClass];
    }

    /// {@return number of runs in a magazine}
    static int depth(int[] cells, int runClass) {
        return cells[DEPTHS + runClass];
    }

    /// {@return the first page of the run on top of a magazine}
    ///
    /// @param depth result of [#depth], at least 1
    static int top(int[] cells, int runClass, int depth) {
        return cells[STACKS + runClass * MAX_DEPTH + depth - 1];
    }

    /// Removes the run that [#top] returns.
    static void pop(int[] cells, int runClass, int depth) {
        cells[DEPTHS + runClass] = depth - 1;
    }

    /// {@return true if the run was added, or false if the magazine is full}
    ///
    /// @param runClass class of the run, or negative if it has none
    static boolean push(int[] cells, int runClass, int page) {
        if (runClass < 0) {
            return false;
        }
        int depth = cells[DEPTHS + runClass];
        if (depth >= cells[CAPACITIES + runClass]) {
            return false;
        }
        cells[STACKS + runClass * MAX_DEPTH + depth] = page;
        cells[DEPTHS + runClass] = depth + 1;
        return true;
    }

    /// {@return true if [#pushOrDefer] may be called: the slot is open and has no deferred run}
    static boolean takesAny(int[] cells) {
        return cells[OPEN] != 0 && cells[DEFERRED_PAGES] == 0;
    }

    /// Pushes a run, or makes it the deferred run of the slot if it has no class or its magazine is full. Makes no deep
    /// call, so that a stack overflow cannot lose the run.
    ///
    /// @return true if the run was pushed
    static boolean pushOrDefer(int[] cells, int page, int count) {
        boolean isPushed = push(cells, classOf(count), page);
        if (!isPushed) {
            cells[DEFERRED_RUN] = page;
            cells[DEFERRED_PAGES] = count;
        }
        return isPushed;
    }

    /// {@return the length in pages of the deferred run, or 0 if there is none}
    static int deferredPages(int[] cells) {
        return cells[DEFERRED_PAGES];
    }

    /// Removes the deferred run.
    ///
    /// @return its first page
    static int takeDeferred(int[] cells) {
        cells[DEFERRED_PAGES] = 0;
        return cells[DEFERRED_RUN];
    }

    /// Removes the older half of a magazine, whose pages are less likely to be in a processor's cache, for the common
    /// pool.
    ///
    /// @return number of runs that were written to `out`
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

    /// {@return true if a slot is open, so that a magazine may contain a page}
    boolean areOpen() {
        return openSlots.get() > 0;
    }

    /// {@return true if a slot holds no run}
    static boolean isEmpty(int[] cells) {
        int runs = cells[DEFERRED_PAGES];
        for (int c = 0; c < CLASSES; c++) {
            runs += cells[DEPTHS + c];
        }
        return runs == 0;
    }

    /// Removes all runs from one slot.
    ///
    /// @param runs of [#MAX_RUNS] elements; receives the first pages of the runs, class after class, and then of the
    ///     deferred run
    /// @param counts of [#CLASSES] elements and one; receives the number of runs of each class, and the length in pages
    ///     of the deferred run
    static void empty(int[] cells, int[] runs, int[] counts) {
        int at = 0;
        for (int c = 0; c < CLASSES; c++) {
            counts[c] = cells[DEPTHS + c];
            System.arraycopy(cells, STACKS + c * MAX_DEPTH, runs, at, counts[c]);
            cells[DEPTHS + c] = 0;
            at += counts[c];
        }
        counts[CLASSES] = cells[DEFERRED_PAGES];
        if (counts[CLASSES] > 0) {
            runs[at] = takeDeferred(cells);
        }
    }

    /// Empties and shuts every slot, by a [BiasedSlots#visit].
    ///
    /// @param sink receives the arrays that [#empty] fills, once for each slot
    /// @return number of slots that stayed busy for too long and were skipped
    int drain(BiConsumer<int[], int[]> sink) {
        int[] runs = new int[MAX_RUNS];
        int[] counts = new int[CLASSES + 1];
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

    /// {@return number of pages in all slots; exact while no thread is in one}
    int cachedPages() {
        int[] pages = new int[1];
        slots.forEach(slot -> {
            for (int c = 0; c < CLASSES; c++) {
                pages[0] += slot.peek(DEPTHS + c) << c;
            }
            pages[0] += slot.peek(DEFERRED_PAGES);
        });
        return pages[0];
    }

    @Override
    public String toString() {
        return "Magazines(capacities=" + Arrays.toString(capacities) + ", " + slots + ")";
    }
}
