package io.leasehold.lease;

import io.leasehold.lease.WindowWaiters.Waiter;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// Decides which page gets which window, and in which order.
///
/// ```text
///   look    page has a window ---------------------------------> a lease of the window
///           a window is free, and no thread waits for one -----> a slot to map -----> finish, or refuse
///           else the thread waits                                   ^
///                                                                   | granted
///   queue   the last lease of a slot was closed ----> first page in the line of [WindowWaiters]
/// ```
///
/// A window that becomes free is granted at once to the page that was requested first. The oldest thread that waits for
/// the page is woken and maps the window. If another thread requests the page before the woken thread runs, that thread
/// maps the window instead. The end of a mapping serves every thread that waits for the page, and no others.
///
/// **Lock.** `lock` is held for a small multiple of [#STEPS] steps at most. Each step visits one window or one waiter.
/// A thread with more work releases the lock in between. No thread is woken under `lock`, and no mapping call is made
/// under it. During a mapping call the slot is BUSY and linked to its page, so another thread that requests the page
/// finds the slot and waits. Only [#close] holds `lock` during a system call. A hit never needs `lock`.
///
/// **Release.** [#queue] does not wait for `lock`. It adds its slot to the arrivals of [WindowSlots]. If `lock` is
/// taken, its holder processes the arrivals when it unlocks.
///
/// **Threads.** Thread-safe.
///
/// **Invariants.** I5: while a page is in the line, no window is free, or a wake-up of the first waiter is due and that
/// thread continues the search. I6: the BUSY slots are those that are granted and those that are being mapped.
///
/// **Memory order.** A thread pushes its arrival before it tries `lock`, and a holder releases `lock` before it looks
/// for arrivals (all volatile). So at least one of the two sees the other. A search removes each slot in use from the
/// release order before its thread waits, so the last release of that slot calls [#queue]. Test: `LeaseWaiterStress`.
final class WindowClaims {

    /// There is no window, and the flags forbid to wait.
    static final int NONE = -1;

    /// Flag of a claim: the caller maps the slot, and then calls [#finish] or [#refuse].
    static final int TO_MAP = 1 << 30;

    /// Flag of a claim: the caller gave up but has a lease, which it must release.
    static final int TO_DROP = 1 << 29;

    /// Flag of a claim: the slot had no lease before.
    static final int WAS_IDLE = 1 << 28;

    private static final int SLOT_MASK = WAS_IDLE - 1;

    /// Maximum number of windows and waiters that are visited before `lock` is released: some ten microseconds.
    static final int STEPS = 64;

    /// Result of [#look]: the search for a window is not complete.
    static final int AGAIN = -2;

    /// Result of [#look]: the thread must park.
    static final int WAIT = -3;

    /// Result of [#look]: another thread maps a window onto the page.
    static final int BEING_MAPPED = -4;

    private final WindowSlots slots; // (C)
    private final LeaseErrors errors; // (C)
    private final ShortLock lock = new ShortLock();
    private final Condition unmapped = lock.newCondition(); // mappings == 0
    private final ReleaseOrder order; // (L)
    private final WindowWaiters waiters = new WindowWaiters(); // (L)
    private int mappings; // (L) in progress
    private boolean isClosed; // (L)
    private boolean isGone; // (L) the windows are unmapped too

    private volatile long misses; // (L) to write; also the LRU clock for stamps
    private volatile long waits; // (L) to write
    private volatile long waited; // (L) to write
    private volatile long failures; // (L) to write

    WindowClaims(WindowSlots slots, LeaseErrors errors) {
        this.slots = slots;
        this.errors = errors;
        this.order = new ReleaseOrder(slots);
    }

    static int slot(int claim) {
        return claim & SLOT_MASK;
    }

    long misses() {
        return misses;
    }

    long waits() {
        return waits;
    }

    long waited() {
        return waited;
    }

    long failures() {
        return failures;
    }

    /// Searches once for a window.
    ///
    /// @param mayWait true if the thread may wait for a window
    /// @param self waiter of the thread, or null; if the result is [#WAIT], a thread without a waiter creates one and
    ///     calls again
    /// @return a claim, which is a slot with flags; or [#NONE], [#AGAIN], [#WAIT] or [#BEING_MAPPED]
    int look(long page, boolean mayWait, @Nullable Waiter self) {
        lock.lock();
        try {
            return lookLocked(page, mayWait, self);
        } finally {
            unlock();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    private int lookLocked(long page, boolean mayWait, @Nullable Waiter self) {
        if (self != null && self.isServed()) {
            return self.slot();
        }
        if (isClosed) {
            throw errors.poolClosed();
        }

        boolean isComplete = !serve();
        int found = slots.find(page);
        if (found != WindowSlots.NO_SLOT) {
            int leases = slots.tryJoin(found, page);
            if (leases > 0) {
                leave(self);
                return leases == 1 ? found | WAS_IDLE : found;
            }
            if (waiters.tryBegin(page)) {
                leave(self);
                mappings++;
                return found | TO_MAP;
            }
            if (self == null) {
                return BEING_MAPPED;
            }
        } else if (waiters.isLineEmpty()) {
            int taken = order.take(STEPS);
            if (taken >= 0) {
                slots.link(taken, page);
                mappings++;
                return taken | TO_MAP;
            }
            isComplete &= taken != ReleaseOrder.AGAIN;
        }

        if (!isComplete) {
            return AGAIN;
        }
        boolean isWaiting = self != null && self.isWaiting();
        if (!mayWait && !isWaiting) {
            failures++;
            return NONE;
        }
        if (self != null) {
            waits++; // before `waited`, so that waited <= waits
            if (!isWaiting) {
                waiters.enter(self, found != WindowSlots.NO_SLOT);
                waited++;
            }
        }
        return WAIT;
    }

    /// Continues an incomplete search, after the threads that are parked for `lock`.
    void goOn() {
        lock.lockInTurn();
        unlock();
    }

    /// Completes the mapping of a claim. Afterwards the caller and each thread that waits for the page have a lease.
    ///
    /// @throws LeaseStateException if the pool was closed meanwhile; the caller has no lease then
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    void finish(int slot, long page) {
        boolean more;
        lock.lock();
        try {
            if (isClosed) {
                end(slot);
                throw errors.poolClosed();
            }
            mappings--;
            misses++;
            slots.finish(slot);
            more = waiters.serve(page, slot, slots, STEPS);
        } finally {
            unlock();
        }

        while (more) {
            lock.lockInTurn();
            try {
                more = waiters.serve(page, slot, slots, STEPS);
            } finally {
                unlock();
            }
        }
    }

    /// Ends the mapping of a claim after the mapping call failed. The slot has no page then, and the threads that wait
    /// for the page continue to wait.
    void refuse(int slot, long page) {
        lock.lock();
        try {
            end(slot);
            waiters.refuse(page);
        } finally {
            unlock();
        }
    }

    /// Grants a slot without leases to a waiter, or leaves this to the holder of `lock`. Does not wait.
    void queue(int slot) {
        if (slots.tryQueue(slot)) {
            slots.arrive(slot);
            StackReserve.ensure(2); // an overflow under the lock would leave it locked
            if (lock.tryLock()) {
                unlock();
            }
        }
    }

    /// Ends the wait of the calling thread without a window.
    ///
    /// @param self waiter of the thread, or null if it does not wait
    /// @return [#NONE], or a slot with [#TO_DROP] if the thread was served meanwhile
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    int giveUp(@Nullable Waiter self) {
        lock.lock();
        try {
            failures++;
            if (self != null && self.isServed()) {
                return self.slot() | TO_DROP;
            }
            leave(self);
            return NONE;
        } finally {
            unlock();
        }
    }

    /// Ends all claims, and unmaps the windows.
    ///
    /// @param force true if windows may be in use, being mapped or waited for; later claims fail then, even if `unmap`
    ///     throws
    /// @param unmap unmaps the windows; called under `lock`
    /// @throws IllegalStateException if `force` is false and a window is in use, being mapped or waited for; nothing is
    ///     changed then
    void close(boolean force, Runnable unmap) {
        if (force) {
            refuseAll();
        }
        lock.lock();
        try {
            while (force && mappings > 0) {
                unmapped.awaitUninterruptibly();
            }
            if (mappings > 0 || !waiters.isEmpty()) {
                throw new IllegalStateException(
                        "cannot close, windows are being mapped: mappings=" + mappings + ", waiters=" + waiters);
            }
            if (isGone) {
                return;
            }

            slots.shut(force);
            boolean isUnmapped = false;
            try {
                unmap.run();
                isUnmapped = true;
            } finally {
                if (!isUnmapped) {
                    slots.reopen();
                }
            }
            isClosed = true;
            isGone = true;
        } finally {
            unlock();
        }
    }

    /// Makes all later claims fail, and ends the wait of all threads.
    private void refuseAll() {
        lock.lock();
        try {
            isClosed = true;
            waiters.endAll(order::giveUp);
        } finally {
            unlock();
        }
    }

    /// Inserts arrivals into the release order, and grants free windows to the line, in at most [#STEPS] steps.
    ///
    /// @return true if work may be left
    private boolean serve() {
        for (int step = 0; step < STEPS; step++) {
            if (order.insertArrival()) {
                continue;
            }
            if (waiters.isLineEmpty()) {
                return false;
            }
            int slot = order.tryTakeLeastRecent();
            if (slot == WindowSlots.NO_SLOT) {
                return false;
            }
            if (slot != ReleaseOrder.AGAIN) {
                slots.link(slot, waiters.grant(slot));
            }
        }
        return true;
    }

    private void leave(@Nullable Waiter self) {
        if (self != null) {
            int slot = waiters.leave(self);
            if (slot != WindowSlots.NO_SLOT) {
                order.giveUp(slot);
            }
        }
    }

    /// Ends a mapping without a lease.
    private void end(int slot) {
        order.giveUp(slot);
        mappings--;
        if (mappings == 0) {
            unmapped.signalAll();
        }
    }

    /// Does the work that is due, releases `lock`, and then wakes the threads whose wake-up is due. If more work is due
    /// than one hold allows, the first waiter is woken and continues it. Arrivals that are pushed meanwhile are left to
    /// the next holder of `lock`, if there is one.
    private void unlock() {
        do {
            Waiter toWake;
            try {
                if (serve() && !slots.hasArrivals()) {
                    waiters.requestWakeUpOfFirst();
                }
                toWake = waiters.takeWakeUps();
            } finally {
                lock.unlock();
            }
            WindowWaiters.wake(toWake);
        } while (slots.hasArrivals() && lock.tryLock());
    }

    WindowWaiters waiters() {
        return waiters;
    }

    /// Checks the invariants. Exact only while no other thread uses the pool.
    void checkInvariants() {
        lock.lock();
        try {
            while (serve()) {
                Thread.onSpinWait(); // exact only if no work is due
            }
            int granted = waiters.checkInvariants(slots);
            slots.checkInvariants(granted + mappings);
            order.checkInvariants();
            if (!waiters.isLineEmpty() && !order.isEmpty()) {
                throw new AssertionError("I5: windows are free, " + waiters);
            }
        } finally {
            unlock();
        }
    }

    @Override
    public String toString() {
        return "WindowClaims(" + waiters + ")";
    }
}
