package io.leasehold.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/// What one thread keeps for itself: an array of ints behind a lock that is biased to the thread.
///
/// ```text
///   cells   0 ..... 15 | 16   | 17 ... 31 ...
///           distance   | busy | free for the user, from FIRST on
/// ```
///
/// All that the owner writes lies in one array, far from what any other thread writes.
///
/// Who is inside works on the array alone, which stays in a register where a field would be read again.
///
/// **Threads.** Whoever set `busy` owns the cells until [BiasedSlots#exit]; see [BiasedSlots] for who may set it how.
///
/// **Memory order.** [#leave] (release) is paired with [#isBusy] (acquire) and publishes the cells.
public final class BiasedSlot {

    /// The first cell that is the user's.
    public static final int FIRST = 17;

    static final int BUSY = 16;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();
    private static final VarHandle OWNER;

    static {
        try {
            OWNER = MethodHandles.lookup()
                    .findVarHandle(BiasedSlot.class, "owner", long.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int[] cells; // (O) whoever is busy

    @SuppressWarnings("UnusedVariable") // written and read through OWNER
    private volatile long owner; // (A) id of the thread that the slot is biased to, 0 for none

    private volatile @Nullable WeakReference<Thread> thread; // (A) set after owner: only tells the dead from the living

    BiasedSlot(int[] cells) {
        this.cells = cells;
    }

    long owner() {
        return owner;
    }

    /// Biases a slot that has no owner to the calling thread.
    ///
    /// @return whether it had none
    boolean claim(long threadId) {
        // made first: a slot that is claimed and does not know its thread would never become free
        WeakReference<Thread> reference = new WeakReference<>(Thread.currentThread());
        if (!OWNER.compareAndSet(this, 0L, threadId)) {
            return false;
        }
        thread = reference;
        return true;
    }

    /// Frees the slot if its owner is dead.
    void forgetDead() {
        if (isOwnerDead()) {
            thread = null;
            leave(cells);
            owner = 0;
        }
    }

    /// {@return true if the slot was biased to a thread that has ended, with all its stores seen by the caller}
    boolean isOwnerDead() {
        WeakReference<Thread> reference = thread;
        Thread living = reference == null ? null : reference.get();
        return reference != null && (living == null || !living.isAlive());
    }

    /// {@return whether it is biased to the calling thread} Nobody else makes that true or false while it lives, so the
    /// field is read like any other.
    ///
    /// @param threadId of the calling thread
    boolean isOwn(long threadId) {
        return (long) OWNER.get(this) == threadId;
    }

    /// Sets `busy` as the owner.
    static void enter(int[] cells) {
        CELL.setOpaque(cells, BUSY, 1);
    }

    /// Sets `busy` as one of several threads.
    ///
    /// @return whether it was clear
    static boolean tryEnter(int[] cells) {
        return CELL.compareAndSet(cells, BUSY, 0, 1);
    }

    /// Leaves the slot to others.
    static void leave(int[] cells) {
        CELL.setRelease(cells, BUSY, 0);
    }

    /// {@return whether somebody is in the slot}
    boolean isBusy() {
        return (int) CELL.getAcquire(cells, BUSY) != 0;
    }

    /// {@return what the slot holds, from [#FIRST] on; to be touched by who is inside, or visits it, only}
    public int[] cells() {
        return cells;
    }

    /// {@return a cell as any thread may see it, of some moment}
    ///
    /// @param cell from [#FIRST] on
    public int peek(int cell) {
        return (int) CELL.getOpaque(cells, cell);
    }

    @Override
    public String toString() {
        return "BiasedSlot(owner=" + owner + ", cells=" + cells.length + (isBusy() ? ", busy)" : ")");
    }
}
