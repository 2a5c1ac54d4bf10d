package io.leasehold.lease;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;

/// The window slots of a pool, and a hash table that finds the slot of a page without a lock.
///
/// ```text
///   slot   | word | page | stamp | next in chain | next arrival | 11 longs of distance |     two cache lines
///
///   word   63          32 31    30       29            0
///          |   version   | BUSY | QUEUED |    leases    |     more leases than there are records
///
///              take              mapped            last release           queue
///   leases 0 ------> BUSY v+1 ----------> leases 1 ---------> leases 0 v+1 ------> leases 0 QUEUED
///   QUEUED                                 ^     hit                |                  |
///                                          +------------------------+------------------+
/// ```
///
/// QUEUED means that the slot is in the [ReleaseOrder], or among the arrivals, which will be inserted there. A hit does
/// not remove the slot. A search removes slots in use, and their last release queues them again. So a hit and its
/// release change only the slot. A BUSY slot is linked to the page that it will be mapped to, or to no page.
///
/// The arrivals are a stack. Any thread pushes, and the holder of the lock of [WindowClaims] pops.
///
/// **Threads.** Any thread may call [#find], [#tryJoin], [#leave], [#tryQueue], [#arrive] and [#hasArrivals], which are
/// lock-free. All other changes are guarded by the lock of [WindowClaims].
///
/// **Invariants.** I1: a slot with a page is in exactly one chain, that of the page; two slots never have the same
/// page. I2: a BUSY slot has no leases. I3: a slot is QUEUED if and only if it is in the release order or among the
/// arrivals.
///
/// **Memory order.** Each state change of a slot is a compare-and-set of its word, or a release store while the slot is
/// BUSY. `page` is read between two reads of the word. `next` and the heads of the chains are stored with release,
/// paired with the acquire loads in [#find]. A reader that walks a chain during a change may miss its page, and then
/// searches again under the lock. `arrived` (volatile) publishes the link of an arrival. Only one thread at once pops,
/// so no slot is popped and pushed again between the read and the pop. Tests: `LeaseSharedPageStress`, and
/// `LeaseWaiterStress` for the last release against a waiter.
final class WindowSlots {

    static final int NO_SLOT = -1;

    static final long BUSY = 1L << 31;
    static final long QUEUED = 1L << 30;
    private static final long ONE_VERSION = 1L << 32;
    private static final long VERSION_MASK = -ONE_VERSION;
    private static final long LEASES_MASK = QUEUED - 1;

    /// The stamp of slot 0 before its first use: less than that of any release, greater than [#GIVEN_UP].
    private static final long NEVER_USED = Long.MIN_VALUE + 1;

    private static final long GIVEN_UP = Long.MIN_VALUE;

    /// Log2 of the longs per slot: two cache lines, because the array itself does not begin at a cache line.
    private static final int LANE_POWER = 4;
    private static final int PAGE = 1;
    private static final int STAMP = 2;
    private static final int NEXT = 3;
    private static final int NEXT_ARRIVAL = 4;

    /// Hash multiplier that spreads page addresses, whose low bits are equal, over the chains (2^64 divided by the
    /// golden ratio).
    private static final long HASH = 0x9E37_79B9_7F4A_7C15L;

    private static final VarHandle LANE =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final VarHandle HEAD =
            MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();

    private static final VarHandle ARRIVED;

    static {
        try {
            ARRIVED = MethodHandles.lookup()
                    .findVarHandle(WindowSlots.class, "arrived", int.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int count; // (C)
    private final long[] lanes; // (A)
    private final int[] heads; // (A) first slot of each chain
    private final int hashShift; // (C)
    private volatile int arrived = NO_SLOT; // (A) top of the arrivals

    WindowSlots(int count) {
        this.count = count;
        this.lanes = new long[(count + 2) << LANE_POWER];
        int chains = Math.max(2, Integer.highestOneBit(count) << 1);
        this.heads = new int[chains];
        this.hashShift = Long.SIZE - Integer.numberOfTrailingZeros(chains);
        Arrays.fill(heads, NO_SLOT);
        for (int slot = 0; slot < count; slot++) {
            lanes[at(slot) + NEXT] = NO_SLOT;
            lanes[at(slot) + STAMP] = NEVER_USED + slot;
        }
    }

    int count() {
        return count;
    }

    /// Finds the slot of a page.
    ///
    /// @return the slot, which may have another page meanwhile, or [#NO_SLOT]
    int find(long page) {
        int slot = (int) HEAD.getAcquire(heads, chain(page));
        for (int steps = 0; slot != NO_SLOT && steps < count; steps++) {
            if ((long) LANE.getOpaque(lanes, at(slot) + PAGE) == page) {
                return slot;
            }
            slot = (int) (long) LANE.getAcquire(lanes, at(slot) + NEXT);
        }
        return NO_SLOT;
    }

    /// Adds a lease to a slot if the slot still has the page.
    ///
    /// @return the new number of leases, or 0 if the slot is BUSY or has another page
    int tryJoin(int slot, long page) {
        int at = at(slot);
        while (true) {
            long word = (long) LANE.getAcquire(lanes, at);
            if ((word & BUSY) != 0 || (long) LANE.getAcquire(lanes, at + PAGE) != page) {
                return 0;
            }
            if (LANE.compareAndSet(lanes, at, word, word + 1)) {
                return (int) (word & LEASES_MASK) + 1;
            }
        }
    }

    /// Removes a lease from a slot.
    ///
    /// @param stamp stamp of this release, stored in the slot if the lease is the last one
    /// @return the new word of the slot
    long leave(int slot, long stamp) {
        int at = at(slot);
        while (true) {
            long word = (long) LANE.getAcquire(lanes, at);
            long after = word - 1;
            if ((word & LEASES_MASK) == 1) {
                // the new version makes a concurrent search read the new stamp
                after += ONE_VERSION;
                LANE.setOpaque(lanes, at + STAMP, stamp);
            }
            if (LANE.compareAndSet(lanes, at, word, after)) {
                return after;
            }
        }
    }

    long word(int slot) {
        return (long) LANE.getAcquire(lanes, at(slot));
    }

    static boolean isInUse(long word) {
        return (word & LEASES_MASK) != 0;
    }

    static int leases(long word) {
        return (int) (word & LEASES_MASK);
    }

    static boolean isQueued(long word) {
        return (word & QUEUED) != 0;
    }

    static boolean isBusy(long word) {
        return (word & BUSY) != 0;
    }

    long stamp(int slot) {
        return (long) LANE.getOpaque(lanes, at(slot) + STAMP);
    }

    /// {@return the page of a slot, or 0 if the slot has none}
    long page(int slot) {
        return (long) LANE.getOpaque(lanes, at(slot) + PAGE);
    }

    /// Marks a slot without leases as QUEUED. If this succeeds, the caller inserts the slot into the release order or
    /// the arrivals.
    ///
    /// @return false if the slot is QUEUED or BUSY, or has leases again
    boolean tryQueue(int slot) {
        int at = at(slot);
        while (true) {
            long word = (long) LANE.getAcquire(lanes, at);
            if ((word & (BUSY | QUEUED | LEASES_MASK)) != 0) {
                return false;
            }
            if (LANE.compareAndSet(lanes, at, word, word | QUEUED)) {
                return true;
            }
        }
    }

    /// Pushes a slot on the arrivals, after [#tryQueue] has marked the slot as QUEUED.
    void arrive(int slot) {
        int top;
        do {
            top = arrived;
            LANE.setOpaque(lanes, at(slot) + NEXT_ARRIVAL, (long) top);
        } while (!ARRIVED.compareAndSet(this, top, slot));
    }

    boolean hasArrivals() {
        return arrived != NO_SLOT;
    }

    /// Pops an arrival. Guarded by the lock of [WindowClaims].
    ///
    /// @return a slot for the release order, or [#NO_SLOT]
    int pollArrival() {
        int top;
        do {
            top = arrived;
            if (top == NO_SLOT) {
                return NO_SLOT;
            }
        } while (!ARRIVED.compareAndSet(this, top, (int) (long) LANE.getOpaque(lanes, at(top) + NEXT_ARRIVAL)));
        return top;
    }

    /// Marks a slot in use as removed from the release order.
    ///
    /// @param word word of the slot that the caller read
    /// @return false if the word has changed
    boolean tryUnqueue(int slot, long word) {
        return LANE.compareAndSet(lanes, at(slot), word, word & ~QUEUED);
    }

    /// Makes a slot without leases BUSY, so that it cannot be hit.
    ///
    /// @param word word of the slot that the caller read
    /// @return false if the word has changed
    boolean tryTake(int slot, long word) {
        return LANE.compareAndSet(lanes, at(slot), word, (word & VERSION_MASK) + ONE_VERSION | BUSY);
    }

    /// Ends BUSY. The slot has one lease then.
    void finish(int slot) {
        int at = at(slot);
        LANE.setRelease(lanes, at, ((long) LANE.getOpaque(lanes, at) & VERSION_MASK) | 1);
    }

    /// Ends BUSY. The slot has no lease and no page then, and is recycled next.
    void giveUp(int slot) {
        int at = at(slot);
        LANE.setOpaque(lanes, at + STAMP, GIVEN_UP);
        LANE.setRelease(lanes, at, (long) LANE.getOpaque(lanes, at) & VERSION_MASK);
    }

    /// Makes every slot BUSY, so that no slot can be hit.
    ///
    /// @param force true to include slots in use
    /// @throws IllegalStateException if a slot is in use and `force` is false; nothing is changed then
    void shut(boolean force) {
        for (int slot = 0; slot < count; slot++) {
            long word = word(slot);
            while ((force || !isInUse(word)) && !LANE.compareAndSet(lanes, at(slot), word, word | BUSY)) {
                word = word(slot);
            }
            if (!force && isInUse(word)) {
                reopen();
                throw new IllegalStateException("window is in use: slot=" + slot + ", leases=" + leases(word));
            }
        }
    }

    /// {@return the slots that have leases}
    ///
    /// Exact after [#shut], while all slots are BUSY.
    BitSet inUse() {
        BitSet inUse = new BitSet();
        for (int slot = 0; slot < count; slot++) {
            inUse.set(slot, isInUse(word(slot)));
        }
        return inUse;
    }

    /// Ends [#shut]. Other threads may join and leave slots that [#shut] did not reach.
    void reopen() {
        for (int slot = 0; slot < count; slot++) {
            long word = word(slot);
            while (isBusy(word) && !LANE.compareAndSet(lanes, at(slot), word, word & ~BUSY)) {
                word = word(slot);
            }
        }
    }

    /// Links a BUSY slot without a page to a page.
    void link(int slot, long page) {
        int at = at(slot);
        LANE.setRelease(lanes, at + PAGE, page);
        int chain = chain(page);
        LANE.setRelease(lanes, at + NEXT, (long) (int) HEAD.getOpaque(heads, chain));
        HEAD.setRelease(heads, chain, slot);
    }

    /// Unlinks a BUSY slot from its page, if it has one.
    void unlink(int slot) {
        long page = page(slot);
        if (page == 0) {
            return;
        }
        int chain = chain(page);
        int next = (int) lanes[at(slot) + NEXT];
        int before = (int) HEAD.getOpaque(heads, chain);
        if (before == slot) {
            HEAD.setRelease(heads, chain, next);
        } else {
            while ((int) lanes[at(before) + NEXT] != slot) {
                before = (int) lanes[at(before) + NEXT];
            }
            LANE.setRelease(lanes, at(before) + NEXT, (long) next);
        }
        LANE.setRelease(lanes, at(slot) + PAGE, 0L);
    }

    /// Checks the invariants.
    ///
    /// @param busy number of slots that are BUSY
    void checkInvariants(int busy) {
        int chained = 0;
        for (int chain = 0; chain < heads.length; chain++) {
            for (int slot = heads[chain]; slot != NO_SLOT; slot = (int) lanes[at(slot) + NEXT]) {
                if (page(slot) == 0 || chain(page(slot)) != chain || find(page(slot)) != slot || ++chained > count) {
                    throw new AssertionError("I1: slot=" + slot + ", page=0x" + Long.toHexString(page(slot)));
                }
            }
        }
        int linked = 0;
        int taken = 0;
        for (int slot = 0; slot < count; slot++) {
            long word = word(slot);
            linked += page(slot) == 0 ? 0 : 1;
            taken += isBusy(word) ? 1 : 0;
            if (isInUse(word) && (isBusy(word) || page(slot) == 0)) {
                throw new AssertionError("I2: slot=" + slot + ", word=0x" + Long.toHexString(word));
            }
        }
        if (linked != chained || taken != busy) {
            throw new AssertionError(
                    "I1: linked=" + linked + ", chained=" + chained + ", taken=" + taken + ", busy=" + busy);
        }
    }

    private int chain(long page) {
        return (int) ((page * HASH) >>> hashShift);
    }

    private static int at(int slot) {
        return (slot + 1) << LANE_POWER;
    }
}
