package io.leasehold.lease;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/// What one thread keeps of a pool for itself: a stack of free lease records, by the handles of their next
/// leases, and counts of its window uses.
///
/// ```text
///   cells   0 ... 7  | 8    | 9     | 10        | 11    | 12       | 13   | 14    | 16 ... 47 | 48 ... 55
///           distance | busy | clock | activated | idled | rejoined | high | depth | handles   | distance
/// ```
///
/// **Threads.** A biased stripe is touched by its owner alone, with plain stores; the stripes that virtual threads
/// share are entered by compare-and-set. Counts are read by anybody, opaque.
///
/// **Memory order.** [#exit] of a shared stripe (release) is paired with [#tryEnter] (volatile) and publishes the
/// cells. `owner` (volatile) publishes those of a dead thread to the next one.
final class Stripe {

    static final int CAPACITY = 32;

    private static final int BUSY = 8;
    private static final int CLOCK = 9;
    private static final int ACTIVATED = 10;
    private static final int IDLED = 11;
    private static final int REJOINED = 12;
    private static final int HIGH = 13;
    private static final int DEPTH = 14;
    private static final int HANDLES = 16;
    private static final int CELLS = HANDLES + CAPACITY + 8;

    private static final long NOBODY = 0;
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

    private final long[] cells = new long[CELLS]; // (O) the owner, or whoever is busy
    private final boolean shared; // (C)

    @SuppressWarnings("UnusedVariable") // written through OWNER too
    private volatile long owner; // (A) id of the thread that the stripe is biased to

    private @Nullable WeakReference<Thread> thread; // (L) whoever set owner to BEING_CLAIMED; published by owner

    Stripe(boolean shared) {
        this.shared = shared;
    }

    long owner() {
        return owner;
    }

    /// Biases the stripe to the calling thread if it has no owner, or a dead one, whose cells it inherits.
    boolean claim(long threadId) {
        long before = owner;
        if (before == BEING_CLAIMED || (before != NOBODY && isAlive())) {
            return false;
        }
        if (!OWNER.compareAndSet(this, before, BEING_CLAIMED)) {
            return false;
        }
        thread = new WeakReference<>(Thread.currentThread());
        owner = threadId;
        return true;
    }

    private boolean isAlive() {
        WeakReference<Thread> reference = thread;
        Thread living = reference == null ? null : reference.get();
        return living != null && living.isAlive();
    }

    /// Enters as one of several threads.
    boolean tryEnter() {
        return CELL.compareAndSet(cells, BUSY, 0L, 1L);
    }

    /// Leaves the stripe, whichever way it was entered.
    void exit() {
        if (shared) {
            CELL.setRelease(cells, BUSY, 0L);
        }
    }

    /// {@return the handle for the next lease of a free record, or [LeasePool#NO_LEASE]}
    long pop() {
        long depth = cells[DEPTH] - 1;
        if (depth < 0) {
            return LeasePool.NO_LEASE;
        }
        cells[DEPTH] = depth;
        return cells[HANDLES + (int) depth];
    }

    /// {@return whether there was room for the handle}
    boolean push(long next) {
        long depth = cells[DEPTH];
        if (depth >= CAPACITY) {
            return false;
        }
        cells[HANDLES + (int) depth] = next;
        cells[DEPTH] = depth + 1;
        return true;
    }

    /// {@return a number larger than any before on this stripe}
    long tick() {
        return ++cells[CLOCK];
    }

    /// A window that nobody used has a lease now.
    ///
    /// @return whether this stripe's share of the used windows is higher than it was allowed to be unseen
    boolean activated() {
        long count = cells[ACTIVATED] + 1;
        CELL.setOpaque(cells, ACTIVATED, count);
        return count - cells[IDLED] > cells[HIGH];
    }

    /// Lets this stripe's share of the used windows grow by `headroom` before the next look.
    void allow(int headroom) {
        cells[HIGH] = cells[ACTIVATED] - cells[IDLED] + headroom;
    }

    /// A window has lost its last lease.
    void idled() {
        CELL.setOpaque(cells, IDLED, cells[IDLED] + 1);
    }

    /// A window that was in use has one more lease.
    void rejoined() {
        CELL.setOpaque(cells, REJOINED, cells[REJOINED] + 1);
    }

    /// {@return this stripe's share of the used windows, negative if others acquired what it closed}
    long share() {
        long idled = (long) CELL.getOpaque(cells, IDLED);
        return (long) CELL.getOpaque(cells, ACTIVATED) - idled;
    }

    /// {@return the acquires that ended with a window}
    long uses() {
        return (long) CELL.getOpaque(cells, ACTIVATED) + (long) CELL.getOpaque(cells, REJOINED);
    }

    @Override
    public String toString() {
        return "Stripe(owner=" + owner + ", shared=" + shared + ", records=" + cells[DEPTH] + ", share=" + share()
                + ")";
    }
}
