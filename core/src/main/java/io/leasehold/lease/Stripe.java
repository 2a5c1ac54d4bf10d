package io.leasehold.lease;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/// The part of a pool that one thread uses: a stack of free lease records, and counts of window uses. A free record is
/// stored as the handle for its next lease.
///
/// ```text
///   cells   0 ... 7  | 8    | 9     | 10        | 11    | 12       | 13   | 14    | 16 ... 47 | 48 ... 55
///           distance | busy | clock | activated | idled | rejoined | high | depth | handles   | distance
/// ```
///
/// **Threads.** Only its owner uses a biased stripe, with plain stores. Shared stripes, for virtual threads, are
/// entered by compare-and-set. Any thread reads the counts and the depth, with opaque loads.
///
/// **Memory order.** [#exit] of a shared stripe (release) is paired with [#tryEnter] (volatile) and publishes the
/// cells. `owner` (volatile) publishes the cells of a dead owner to the next owner.
final class Stripe {

    static final int CAPACITY = 32;

    /// Result of [#prepare] in a full stripe.
    static final long FULL = -1;

    private static final int BUSY = 8;
    private static final int CLOCK = 9;
    private static final int ACTIVATED = 10;
    private static final int IDLED = 11;
    private static final int REJOINED = 12;
    private static final int HIGH = 13;
    private static final int DEPTH = 14;
    private static final int HANDLES = 16;
    private static final int CELLS = HANDLES + CAPACITY + 8;

    private static final long NO_OWNER = 0;
    private static final long BEING_CLAIMED = -1;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final VarHandle OWNER;

    static {
        try {
            OWNER = MethodHandles.lookup()
                    .findVarHandle(Stripe.class, "owner", long.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long[] cells = new long[CELLS]; // (O) the owner, or the thread that is busy
    private final boolean shared; // (C)

    @SuppressWarnings("UnusedVariable") // written through OWNER too
    private volatile long owner; // (A) id of the thread that the stripe is biased to

    private @Nullable WeakReference<Thread> thread; // (L) by BEING_CLAIMED; published by owner

    Stripe(boolean shared) {
        this.shared = shared;
    }

    long owner() {
        return owner;
    }

    /// Biases the stripe to the calling thread, unless it has a live owner. The new owner inherits the cells of a dead
    /// owner.
    ///
    /// @return false if the stripe has a live owner
    boolean claim(long threadId) {
        long before = owner;
        if (before == BEING_CLAIMED || (before != NO_OWNER && isAlive())) {
            return false;
        }
        // created first: if this fails later, the stripe would stay claimed for ever
        WeakReference<Thread> reference = new WeakReference<>(Thread.currentThread());
        if (!OWNER.compareAndSet(this, before, BEING_CLAIMED)) {
            return false;
        }
        thread = reference;
        owner = threadId;
        return true;
    }

    private boolean isAlive() {
        WeakReference<Thread> reference = thread;
        Thread living = reference == null ? null : reference.get();
        return living != null && living.isAlive();
    }

    /// Enters a shared stripe.
    ///
    /// @return false if another thread is in the stripe
    boolean tryEnter() {
        return CELL.compareAndSet(cells, BUSY, 0L, 1L);
    }

    /// Leaves the stripe.
    void exit() {
        if (shared) {
            CELL.setRelease(cells, BUSY, 0L);
        }
    }

    /// {@return the record that [#pop] would return, or [LeasePool#NO_LEASE]}
    ///
    /// The caller opens the record before it calls [#popPeeked], which needs less stack than that.
    long peek() {
        int depth = (int) cells[DEPTH];
        return depth == 0 ? LeasePool.NO_LEASE : cells[HANDLES + depth - 1];
    }

    /// Pops the record that the last call of [#peek] has returned.
    void popPeeked() {
        CELL.setOpaque(cells, DEPTH, cells[DEPTH] - 1);
    }

    /// Pops a free record.
    ///
    /// @return the handle for the next lease of the record, or [LeasePool#NO_LEASE] if the stripe has none
    long pop() {
        long depth = cells[DEPTH] - 1;
        if (depth < 0) {
            return LeasePool.NO_LEASE;
        }
        CELL.setOpaque(cells, DEPTH, depth);
        return cells[HANDLES + (int) depth];
    }

    /// Stores a record for [#pushPrepared]. It makes the same calls as `pushPrepared`, so a stack overflow there is met
    /// here first, before the lease of the record is closed.
    ///
    /// @param next handle for the next lease of the record
    /// @return the number of free records in this stripe, or [#FULL]
    long prepare(long next) {
        long depth = cells[DEPTH];
        if (depth >= CAPACITY) {
            return FULL;
        }
        CELL.setOpaque(cells, HANDLES + (int) depth, next);
        return depth;
    }

    /// Pushes the record that the last call of [#prepare] stored. Neither `push` nor `pop` was called since.
    ///
    /// @param depth the result of `prepare`, which costs less than to read it again
    void pushPrepared(long depth) {
        CELL.setOpaque(cells, DEPTH, depth + 1);
    }

    /// Pushes a free record.
    ///
    /// @param next handle for the next lease of the record
    /// @return false if the stripe is full
    boolean push(long next) {
        long depth = cells[DEPTH];
        if (depth >= CAPACITY) {
            return false;
        }
        cells[HANDLES + (int) depth] = next;
        CELL.setOpaque(cells, DEPTH, depth + 1);
        return true;
    }

    /// {@return the number of free records in this stripe}
    long records() {
        return (long) CELL.getOpaque(cells, DEPTH);
    }

    /// Advances the clock of this stripe.
    ///
    /// @return the new value, which is greater than all values before
    long tick() {
        return ++cells[CLOCK];
    }

    /// Counts the first lease of a window.
    ///
    /// @return true if the share of this stripe in the used windows exceeds the limit set by [#allow]
    boolean activated() {
        long count = cells[ACTIVATED] + 1;
        CELL.setOpaque(cells, ACTIVATED, count);
        return count - cells[IDLED] > cells[HIGH];
    }

    /// Allows the share of this stripe in the used windows to grow by `headroom` until [#activated] returns true.
    void allow(int headroom) {
        cells[HIGH] = cells[ACTIVATED] - cells[IDLED] + headroom;
    }

    /// Counts the end of the last lease of a window.
    void idled() {
        CELL.setOpaque(cells, IDLED, cells[IDLED] + 1);
    }

    /// Counts another lease of a window in use.
    void rejoined() {
        CELL.setOpaque(cells, REJOINED, cells[REJOINED] + 1);
    }

    /// {@return the share of this stripe in the used windows}
    ///
    /// Negative if this stripe closed leases that other stripes acquired.
    long share() {
        long idled = (long) CELL.getOpaque(cells, IDLED);
        return (long) CELL.getOpaque(cells, ACTIVATED) - idled;
    }

    /// {@return the number of acquires that got a window}
    long uses() {
        return (long) CELL.getOpaque(cells, ACTIVATED) + (long) CELL.getOpaque(cells, REJOINED);
    }

    @Override
    public String toString() {
        return "Stripe(owner=" + owner + ", shared=" + shared + ", records=" + cells[DEPTH] + ", share=" + share()
                + ")";
    }
}
