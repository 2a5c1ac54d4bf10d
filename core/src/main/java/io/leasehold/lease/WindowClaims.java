package io.leasehold.lease;

import io.leasehold.lease.WindowWaiters.Waiter;
import io.leasehold.memory.ShortLock;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// Which page gets which window, and in which order.
///
/// ```text
///   look    page has a window ---------------------------------> a lease of it
///           a window is free, and no thread waits for one -----> a slot to map -----> finish, or refuse
///           else the thread waits                                   ^
///                                                                   | granted
///   queue   the last lease of a slot was closed ----> first page in the line of [WindowWaiters]
/// ```
///
/// A window that becomes free is granted at once to the page that was asked for first, and the oldest thread that waits
/// for the page is woken and maps the window. A thread that asks for the page before the woken thread runs maps it
/// instead. The end of a mapping serves every thread that waits for the page, and no other.
///
/// **Lock.** `lock` is held for a few times [#STEPS] steps at most, each of which looks at one window or one waiter; a
/// thread with more to do gives the lock up in between. No thread is woken under it, and no mapping is made under it:
/// the slot of a mapping is BUSY meanwhile, and linked to its page, so that a second thread that wants the page finds
/// it and waits. Only [#close] holds the lock over a call of the kernel. A hit never needs the lock.
///
/// **Release.** [#queue] does not wait for `lock`. It leaves its slot among the arrivals of [WindowSlots]; if the lock
/// is taken, the holder sees to the arrivals when it unlocks.
///
/// **Threads.** Thread-safe.
///
/// **Invariants.** I5: while a page is in the line, no window is free, or the first waiter was told and goes on. I6:
/// the slots that are BUSY are those granted and those being mapped.
///
/// **Memory order.** A thread pushes its arrival before it tries the lock, and a holder unlocks before it looks for
/// arrivals (all volatile), so one of the two sees the other. A search takes each slot in use out of the release order
/// before its thread waits, so the last release of that slot comes to [#queue].
final class WindowClaims {

    /// No window, and the flags say not to wait for one.
    static final int NONE = -1;

    /// Added to a slot: the caller maps it, and then calls [#finish] or [#refuse].
    static final int TO_MAP = 1 << 30;

    /// Added to a slot: the caller has a lease that it must give back, since it gave up.
    static final int TO_DROP = 1 << 29;

    /// Added to a slot: it had no lease before.
    static final int WAS_IDLE = 1 << 28;

    private static final int SLOT_MASK = WAS_IDLE - 1;

    /// Windows and waiters that are looked at before the lock is given up: some ten microseconds.
    static final int STEPS = 64;

    /// What a look ends with, beside a claim or [#NONE]: the search for a window is not over.
    static final int AGAIN = -2;

    /// The thread is to park.
    static final int WAIT = -3;

    /// Another thread maps a window onto the page.
    static final int BEING_MAPPED = -4;

    private final WindowSlots slots; // (C)
    private final LeaseErrors errors; // (C)
    private final ShortLock lock = new ShortLock();
    private final Condition unmapped = lock.newCondition(); // no mapping is under way
    private final ReleaseOrder order; // (L)
    private final WindowWaiters waiters = new WindowWaiters(); // (L)
    private int mappings; // (L) under way
    private boolean isClosed; // (L)
    private boolean isGone; // (L) the address space too

    private volatile long misses; // (L) to write; also the age of the world, for stamps
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

    /// Looks for a window once.
    ///
    /// @param mayWait true if the thread waits if there is no window
    /// @param self the waiter of the thread; if it is null, a thread that must wait makes one and looks again
    /// @return a slot with what the caller must do about it; or [#NONE], [#AGAIN], [#WAIT], [#BEING_MAPPED]
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

        boolean isSettled = !serve();
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
            isSettled &= taken != ReleaseOrder.AGAIN;
        }

        if (!isSettled) {
            return AGAIN;
        }
        boolean isWaiting = self != null && self.isWaiting();
        if (!mayWait && !isWaiting) {
            failures++;
            return NONE;
        }
        if (self != null) {
            waits++; // before the request is counted that sleeps, so that there are never fewer
            if (!isWaiting) {
                waiters.enter(self, found != WindowSlots.NO_SLOT);
                waited++;
            }
        }
        return WAIT;
    }

    /// Goes on with a search that was not over, behind the threads that are parked for the lock.
    void goOn() {
        lock.lockInTurn();
        unlock();
    }

    /// Ends the mapping of a claim: the caller has a lease, and so has each thread that waits for the page.
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

    /// Ends the mapping of a claim that the kernel refused: the slot has no page, and threads that wait for the page go
    /// on waiting.
    void refuse(int slot, long page) {
        lock.lock();
        try {
            end(slot);
            waiters.refuse(page);
        } finally {
            unlock();
        }
    }

    /// Grants a slot that lost its last lease, or lets the thread that has the lock do so. Does not wait.
    void queue(int slot) {
        if (slots.tryQueue(slot)) {
            slots.arrive(slot);
            if (lock.tryLock()) {
                unlock();
            }
        }
    }

    /// Ends the waiting of the calling thread, which gives up.
    ///
    /// @param self the waiter of the thread, or null if it does not wait
    /// @return [#NONE], or a slot [#TO_DROP] if the thread was served meanwhile
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
    /// @param force true if windows may be in use, mapped or waited for; no claim succeeds any more then, also if
    ///     `unmap` throws
    /// @throws IllegalStateException if a window is, and `force` is false; nothing is changed then
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

    /// Lets every claim fail from now on, also those of threads that wait.
    private void refuseAll() {
        lock.lock();
        try {
            isClosed = true;
            waiters.endAll(order::giveUp);
        } finally {
            unlock();
        }
    }

    /// Makes one hold's worth of what is due: arrivals go into the release order, and windows to the line.
    ///
    /// @return true if there may be more to do
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

    /// Ends a mapping with no lease.
    private void end(int slot) {
        order.giveUp(slot);
        mappings--;
        if (mappings == 0) {
            unmapped.signalAll();
        }
    }

    /// Gives the lock up, after what is due was done; then wakes the threads that were told. If more is due than one
    /// hold allows, the first waiter is told, and goes on. Arrivals that came meanwhile are left to a thread that has
    /// the lock by then.
    private void unlock() {
        do {
            Waiter told;
            try {
                if (serve() && !slots.hasArrivals()) {
                    waiters.tellFirst();
                }
                told = waiters.takeTold();
            } finally {
                lock.unlock();
            }
            WindowWaiters.wake(told);
        } while (slots.hasArrivals() && lock.tryLock());
    }

    WindowWaiters waiters() {
        return waiters;
    }

    /// Checks what must always hold; exact only while no other thread uses the pool.
    void checkInvariants() {
        lock.lock();
        try {
            while (serve()) {
                Thread.onSpinWait(); // exact only with nothing due
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
