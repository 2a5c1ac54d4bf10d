package io.leasehold.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/// The state of one thread: an array of ints, guarded by a lock that is biased to the thread.
///
/// ```text
///   cells   0 ..... 15 | 16   | 17 ... 31 ...
///           distance   | busy | cells of the user, from FIRST on
/// ```
///
/// All words that the owner writes lie in one array, at a distance from words that other threads write. The thread
/// inside uses only the array. The compiler keeps the array in a register, but would read a field again.
///
/// **Threads.** The thread that set `busy` owns the cells until [BiasedSlots#exit]. [BiasedSlots] describes how a
/// thread sets `busy`.
///
/// **Memory order.** [#leave] (release) is paired with [#isBusy] (acquire) and publishes the cells. Test:
/// `BiasedSlotStress`.
public final class BiasedSlot {

    /// Index of the first cell of the user.
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

    private final int[] cells; // (O) the thread that set BUSY

    @SuppressWarnings("UnusedVariable") // written and read through OWNER
    private volatile long owner; // (A) id of the thread that the slot is biased to, 0 for none

    private volatile @Nullable WeakReference<Thread> thread; // (A) set after owner; for isOwnerDead

    BiasedSlot(int[] cells) {
        this.cells = cells;
    }

    long owner() {
        return owner;
    }

    /// Biases a slot without an owner to the calling thread.
    ///
    /// @return false if the slot has an owner
    boolean claim(long threadId) {
        // created first: a claimed slot without a reference to its thread would never become free
        WeakReference<Thread> reference = new WeakReference<>(Thread.currentThread());
        if (!OWNER.compareAndSet(this, 0L, threadId)) {
            return false;
        }
        thread = reference;
        return true;
    }

    /// Removes the owner of the slot if that thread has ended.
    void forgetDead() {
        if (isOwnerDead()) {
            thread = null;
            leave(cells);
            owner = 0;
        }
    }

    /// {@return true if the owner is a thread that has ended}
    ///
    /// If true, the caller sees all stores of the owner.
    boolean isOwnerDead() {
        WeakReference<Thread> reference = thread;
        Thread living = reference == null ? null : reference.get();
        return reference != null && (living == null || !living.isAlive());
    }

    /// {@return true if the slot is biased to the calling thread}
    ///
    /// A plain read is enough: only the calling thread can make this true, and no thread makes it false while that
    /// thread lives.
    ///
    /// @param threadId id of the calling thread
    boolean isOwn(long threadId) {
        return (long) OWNER.get(this) == threadId;
    }

    /// Sets `busy` as the owner.
    static void enter(int[] cells) {
        CELL.setOpaque(cells, BUSY, 1);
    }

    /// Sets `busy` of a shared slot.
    ///
    /// @return false if another thread is in the slot
    static boolean tryEnter(int[] cells) {
        return CELL.compareAndSet(cells, BUSY, 0, 1);
    }

    /// Clears `busy`.
    static void leave(int[] cells) {
        CELL.setRelease(cells, BUSY, 0);
    }

    /// {@return true if a thread is in the slot}
    boolean isBusy() {
        return (int) CELL.getAcquire(cells, BUSY) != 0;
    }

    /// {@return the cells, for use from [#FIRST] on}
    ///
    /// Only the thread inside the slot, or a visitor, may use them.
    public int[] cells() {
        return cells;
    }

    /// {@return the value of a cell, which may be stale; any thread may call this}
    ///
    /// @param cell index of the cell, from [#FIRST] on
    public int peek(int cell) {
        return (int) CELL.getOpaque(cells, cell);
    }

    @Override
    public String toString() {
        return "BiasedSlot(owner=" + owner + ", cells=" + cells.length + (isBusy() ? ", busy)" : ")");
    }
}
