package io.leasehold.page;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The magazines of one thread: a stack of free runs for each class of lengths.
///
/// ```text
///   cells   0 ..... 15 | 16   | 17 .. 21         | 22 .. 26            | 32 .. 63  | 64 .. 95  | ...
///           distance   | busy | depth of class c | capacity of class c | class 0   | class 1   |
///
///   a cell is an int, a run is its first page
/// ```
///
/// All that the owner writes lies in one array, far from what any other thread writes, since the array is longer than
/// two cache lines before its first stack.
///
/// **Threads.** Whoever set `busy` owns the cells until it is clear again; see [Magazines] for who may set it how.
///
/// **Memory order.** [#exit] (release) is paired with [#isBusy] (acquire) and publishes the cells.
final class MagazineSlot {

    static final int CLASSES = 5;
    static final int MAX_DEPTH = 32;

    private static final int BUSY = 16;
    private static final int DEPTHS = 17;
    private static final int CAPACITIES = DEPTHS + CLASSES;
    private static final int STACKS = 32;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();
    private static final VarHandle OWNER;

    static {
        try {
            OWNER = MethodHandles.lookup()
                    .findVarHandle(MagazineSlot.class, "owner", long.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int[] cells = new int[STACKS + CLASSES * MAX_DEPTH]; // (O) whoever is busy

    @SuppressWarnings("UnusedVariable") // written and read through OWNER
    private volatile long owner; // (A) id of the thread that the slot is biased to, 0 for none

    private @Nullable WeakReference<Thread> thread; // (A) racy on purpose: only tells the dead from the living

    MagazineSlot(int[] capacities) {
        System.arraycopy(capacities, 0, cells, CAPACITIES, CLASSES);
    }

    long owner() {
        return owner;
    }

    /// Biases a slot that has no owner to the calling thread.
    ///
    /// @return whether it had none
    boolean claim(long threadId) {
        if (!OWNER.compareAndSet(this, 0L, threadId)) {
            return false;
        }
        thread = new WeakReference<>(Thread.currentThread());
        return true;
    }

    /// Frees the slot if its owner is dead.
    void forgetDead() {
        WeakReference<Thread> reference = thread;
        Thread living = reference == null ? null : reference.get();
        if (reference != null && (living == null || !living.isAlive())) {
            thread = null;
            owner = 0;
        }
    }

    /// Sets `busy` as the owner.
    void enterAsOwner() {
        CELL.setOpaque(cells, BUSY, 1);
    }

    /// Sets `busy` as one of several threads.
    ///
    /// @return whether it was clear
    boolean tryEnter() {
        return CELL.compareAndSet(cells, BUSY, 0, 1);
    }

    void exit() {
        CELL.setRelease(cells, BUSY, 0);
    }

    boolean isBusy() {
        return (int) CELL.getAcquire(cells, BUSY) != 0;
    }

    /// {@return the first page of a free run, or -1}
    int pop(int runClass) {
        int depth = cells[DEPTHS + runClass] - 1;
        if (depth < 0) {
            return -1;
        }
        cells[DEPTHS + runClass] = depth;
        return cells[STACKS + runClass * MAX_DEPTH + depth];
    }

    /// {@return whether there was room for the run}
    boolean push(int runClass, int page) {
        int depth = cells[DEPTHS + runClass];
        if (depth >= cells[CAPACITIES + runClass]) {
            return false;
        }
        cells[STACKS + runClass * MAX_DEPTH + depth] = page;
        cells[DEPTHS + runClass] = depth + 1;
        return true;
    }

    /// {@return whether there was room for a run of `count` pages}
    boolean pushRun(int page, int count) {
        if (count == 1) {
            return push(0, page);
        }
        int runClass = Magazines.classOf(count);
        return runClass >= 0 && push(runClass, page);
    }

    /// Takes the older half of a stack, the colder one, for the common pool.
    ///
    /// @return how many runs were written to `out`
    int takeOlderHalf(int runClass, int[] out) {
        int depth = cells[DEPTHS + runClass];
        int count = (depth + 1) / 2;
        int stack = STACKS + runClass * MAX_DEPTH;
        System.arraycopy(cells, stack, out, 0, count);
        System.arraycopy(cells, stack + count, cells, stack, depth - count);
        cells[DEPTHS + runClass] = depth - count;
        return count;
    }

    /// {@return the pages in all stacks; exact while nobody is busy}
    int cachedPages() {
        int pages = 0;
        for (int c = 0; c < CLASSES; c++) {
            pages += (int) CELL.getOpaque(cells, DEPTHS + c) << c;
        }
        return pages;
    }

    @Override
    public String toString() {
        return "MagazineSlot(owner=" + owner + ", depths="
                + Arrays.toString(Arrays.copyOfRange(cells, DEPTHS, DEPTHS + CLASSES)) + ")";
    }
}
