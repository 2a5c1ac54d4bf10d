package io.leasehold.page;

import io.leasehold.memory.ShortLock;
import java.util.concurrent.locks.Condition;
import java.util.function.IntBinaryOperator;
import org.jspecify.annotations.Nullable;

/// The queue of threads that wait for a run, in the order of their arrival.
///
/// ```text
///   free, decommit ------> wakeFirst: wakes the first waiter, and no other
///   first waiter, awake -> serves all waiters in order, and calls the reclaimers at intervals
///   other waiters          sleep until they are served, become the first, or time out
/// ```
///
/// So a freed page wakes one thread, however many wait. One thread looks for memory on behalf of all.
///
/// Waiters with equal requests are in one lane. If the first waiter of a lane cannot be served, no other waiter of the
/// lane can be served. So serving looks at each lane, not at each waiter.
///
/// ```text
///   lanes   | 8 pages: 1st, 4th, 5th waiter | ---> | 2 pages, aligned: 2nd | ---> | 3 pages: 3rd, 6th |
/// ```
///
/// **Failures.** The waiters are linked to each other, and adding one allocates first. A collection that cannot grow
/// may fail after it added an element. That waiter would stay the first one for ever, and no other waiter would be
/// woken.
///
/// **Threads.** Guarded by `FramePool.lock`.
///
/// **Invariants.** I1: a waiter is in a lane until it is served or removed. I2: no lane is empty. I3: the lanes are in
/// the order of the arrival of their first waiters.
final class RunWaiters {

    private final ShortLock lock; // (C)
    private @Nullable Waiter first; // (L)
    private @Nullable Waiter last; // (L)
    private @Nullable Lane lanes; // (L) the first lane
    private int count; // (L)
    private long arrivals; // (L)
    private long lastReclaim; // (L) time of the last call of the reclaimers for the waiters

    RunWaiters(ShortLock lock) {
        this.lock = lock;
    }

    /// Waiters with equal requests, in the order of their arrival.
    private static final class Lane {
        final int pageCount; // (C)
        final int align; // (C)

        @Nullable Waiter first; // (L)

        @Nullable Waiter last; // (L)

        @Nullable Lane behind; // (L)

        Lane(int pageCount, int align) {
            this.pageCount = pageCount;
            this.align = align;
        }

        long arrival() {
            return first == null ? Long.MAX_VALUE : first.arrival;
        }
    }

    /// One thread that waits.
    static final class Waiter {
        final Condition changed; // (C)
        final int pageCount; // (C)
        final long arrival; // (C) number of waiters that came before
        int page = FreeMap.NONE; // (L) the run that was found for this waiter
        boolean isWoken; // (L) woken since its last attempt
        private @Nullable Waiter before; // (L) in the queue
        private @Nullable Waiter behind; // (L) in the queue
        private @Nullable Lane lane; // (L) null if it was served or removed
        private @Nullable Waiter beforeInLane; // (L)
        private @Nullable Waiter behindInLane; // (L)

        private Waiter(Condition changed, int pageCount, long arrival) {
            this.changed = changed;
            this.pageCount = pageCount;
            this.arrival = arrival;
        }
    }

    boolean isEmpty() {
        return first == null;
    }

    /// Adds a waiter that called the reclaimers at `now`.
    Waiter add(int pageCount, int align, long now) {
        Waiter waiter = new Waiter(lock.newCondition(), pageCount, arrivals);
        Lane known = lane(pageCount, align);
        Lane lane = known == null ? new Lane(pageCount, align) : known;

        arrivals++;
        Waiter end = last;
        if (end == null) {
            lastReclaim = now;
            first = waiter;
        } else {
            end.behind = waiter;
            waiter.before = end;
        }
        last = waiter;
        count++;
        enter(lane, waiter);
        if (known == null) {
            place(lane);
        }
        return waiter;
    }

    /// Removes a waiter, served or not. The next waiter takes over the work of the first.
    void remove(Waiter waiter) {
        leave(waiter);
        Waiter before = waiter.before;
        Waiter behind = waiter.behind;
        if (behind == null) {
            last = before;
        } else {
            behind.before = before;
        }
        count--;
        if (before == null) {
            first = behind;
            wakeFirst();
        } else {
            before.behind = behind;
        }
    }

    private @Nullable Lane lane(int pageCount, int align) {
        Lane lane = lanes;
        while (lane != null && (lane.pageCount != pageCount || lane.align != align)) {
            lane = lane.behind;
        }
        return lane;
    }

    private static void enter(Lane lane, Waiter waiter) {
        Waiter end = lane.last;
        if (end == null) {
            lane.first = waiter;
        } else {
            end.behindInLane = waiter;
            waiter.beforeInLane = end;
        }
        lane.last = waiter;
        waiter.lane = lane;
    }

    /// Removes a waiter from its lane, if it is in one.
    private void leave(Waiter waiter) {
        Lane lane = waiter.lane;
        if (lane == null) {
            return;
        }
        Waiter before = waiter.beforeInLane;
        Waiter behind = waiter.behindInLane;
        waiter.lane = null;
        if (behind == null) {
            lane.last = before;
        } else {
            behind.beforeInLane = before;
        }
        if (before != null) {
            before.behindInLane = behind;
            return;
        }
        lane.first = behind;
        withdraw(lane);
        if (behind != null) {
            place(lane);
        }
    }

    /// Inserts a lane at its place.
    private void place(Lane lane) {
        Lane before = null;
        Lane at = lanes;
        while (at != null && at.arrival() < lane.arrival()) {
            before = at;
            at = at.behind;
        }
        lane.behind = at;
        link(before, lane);
    }

    private void withdraw(Lane lane) {
        Lane before = null;
        for (Lane at = lanes; at != null && at != lane; at = at.behind) {
            before = at;
        }
        link(before, lane.behind);
    }

    private void link(@Nullable Lane before, @Nullable Lane lane) {
        if (before == null) {
            lanes = lane;
        } else {
            before.behind = lane;
        }
    }

    boolean isFirst(Waiter waiter) {
        return waiter == first;
    }

    /// {@return true once in `nanos` nanoseconds for all waiters together}
    boolean mayReclaim(long now, long nanos) {
        boolean may = now - lastReclaim >= nanos;
        lastReclaim = may ? now : lastReclaim;
        return may;
    }

    /// Wakes the first waiter.
    void wakeFirst() {
        if (first != null) {
            wake(first);
        }
    }

    private static void wake(Waiter waiter) {
        waiter.isWoken = true;
        waiter.changed.signal();
    }

    /// Wakes every waiter.
    void wakeAll() {
        for (Waiter waiter = first; waiter != null; waiter = waiter.behind) {
            wake(waiter);
        }
    }

    /// Tries to allocate a run for each waiter that has none, in the order of their arrival.
    ///
    /// @param take receives number of pages and alignment; returns the first page, or [FreeMap#NONE]
    void serve(IntBinaryOperator take) {
        int tooLong = Integer.MAX_VALUE; // no unaligned run of this length was found
        Lane refused = null; // the last lane that cannot be served
        for (Lane lane = lanes; lane != null; lane = refused == null ? lanes : refused.behind) {
            Waiter waiter = lane.first;
            int page = lane.pageCount < tooLong ? take.applyAsInt(lane.pageCount, lane.align) : FreeMap.NONE;
            if (waiter != null && page >= 0) {
                waiter.page = page;
                leave(waiter); // the lane moves behind the lanes whose waiters came earlier
                wake(waiter);
            } else {
                tooLong = lane.align == 1 ? Math.min(tooLong, lane.pageCount) : tooLong;
                refused = lane;
            }
        }
    }

    /// Checks the invariants.
    void checkInvariants() {
        int inLanes = 0;
        long arrival = -1;
        for (Lane lane = lanes; lane != null; lane = lane.behind) {
            if (lane.arrival() <= arrival || lane.last == null) {
                throw new AssertionError("I2, I3: arrival=" + lane.arrival() + ", before=" + arrival);
            }
            arrival = lane.arrival();
            for (Waiter waiter = lane.first; waiter != null; waiter = waiter.behindInLane) {
                inLanes += waiter.lane == lane && waiter.page < 0 ? 1 : 0;
            }
        }
        int unserved = 0;
        for (Waiter waiter = first; waiter != null; waiter = waiter.behind) {
            unserved += waiter.lane == null ? 0 : 1;
        }
        if (inLanes != unserved) {
            throw new AssertionError("I1: in lanes=" + inLanes + ", unserved=" + unserved);
        }
    }

    @Override
    public String toString() {
        return "RunWaiters(" + count + ")";
    }
}
