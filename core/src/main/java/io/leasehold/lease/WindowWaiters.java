package io.leasehold.lease;

import static io.leasehold.text.Texts.format;

import io.leasehold.lease.RequestTree.Node;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The threads that wait for a window, sorted by arrival and by requested page.
///
/// ```text
///   line    turn 3 ----> turn 4 ----> turn 9                requests without a window, sorted by their oldest waiter
///             |            |            |
///   pages   page p       page q       page r       page s   every page that threads wait for
///             |            |            |            |
///           3, 5, 6        4          9, 10         1, 2    waiters by page; s has a window that is not mapped yet
/// ```
///
/// A request is a page and the threads that wait for it, because one mapping serves all of them. The turn of a request
/// in the line is that of its oldest waiter, so windows are granted to waiters in the order of arrival.
///
/// ```text
///               grant                  begin                   end: serves its waiters
///   IN LINE  ------------> granted  ------------> BEING MAPPED ------------------------> (no request)
///      ^                      |                        |
///      +----------------------+------------------------+
///        its oldest waiter left     the mapping failed
/// ```
///
/// **Work.** Each change visits the waiters that it serves, and some nodes of two trees. The depth of a tree is about
/// twice the logarithm of the number of pages in it. [#looks()] counts both.
///
/// **Threads.** Guarded by the lock of [WindowClaims], except for what [Waiter] states. [#wake] wakes threads without
/// the lock, because a wake-up may be a system call.
///
/// **Invariants.** I1: a request has at least one waiter, and is in [#pages]. I2: a request is in [#line] if and only
/// if it has no window; its key there is the turn of its first waiter. I3: the turns of the waiters of a request are
/// ascending.
final class WindowWaiters {

    /// In place of a granted slot: the request has no window and is in the line.
    static final int IN_LINE = -1;

    /// In place of a granted slot: a thread maps a window onto the page of the request.
    static final int BEING_MAPPED = -2;

    /// In place of the slot of a waiter: the waiter was not served yet.
    private static final int NOT_SERVED = -1;

    private final RequestTree line = new RequestTree(); // (L)
    private final RequestTree pages = new RequestTree(); // (L)
    private long nextTurn; // (L)
    private @Nullable Waiter firstToWake; // (L) waiters to wake after the lock is released
    private @Nullable Waiter lastToWake; // (L)
    private long wakeUps; // (L)
    private long waiterLooks; // (L)

    /// A page that threads wait for.
    static final class Request {
        private final long page; // (C)
        private final Node byPage = new Node(this); // (C)
        private final Node inLine = new Node(this); // (C)
        private int window = IN_LINE; // (L) IN_LINE, the granted slot, or BEING_MAPPED
        private @Nullable Waiter first; // (L) the oldest waiter
        private @Nullable Waiter last; // (L)

        Request(long page) {
            this.page = page;
        }
    }

    /// A thread that waits. It contains all nodes that the wait needs, so that nothing is allocated under the lock.
    ///
    /// **Threads.** Any thread may call [#slot()]. The slot has one lease that was added for the waiter.
    ///
    /// **Memory order.** `slot` (volatile) is written after the lease is added. `isWakeUpDue` is cleared before the
    /// thread is woken. So if a waiter is woken again while `isWakeUpDue` is set, the earlier wake-up is still to come
    /// and is enough. Test: `LeaseWaiterStress`.
    static final class Waiter {
        private final Thread thread = Thread.currentThread(); // (C)
        private final Request own; // (C) used if the page has no request yet
        private @Nullable Request request; // (L) null before the wait, and after the waiter was served or left
        private long turn; // (L)
        private @Nullable Waiter before; // (L) the next older waiter for the page
        private @Nullable Waiter after; // (L)
        private volatile int slot = NOT_SERVED; // (L) to write
        private volatile boolean isWakeUpDue; // (L) to set; cleared by the thread that wakes
        private @Nullable Waiter nextToWake; // (L) to write, while isWakeUpDue is not set

        Waiter(long page) {
            own = new Request(page);
        }

        boolean isWaiting() {
            return request != null;
        }

        boolean isServed() {
            return slot != NOT_SERVED;
        }

        int slot() {
            return slot;
        }
    }

    boolean isEmpty() {
        return pages.isEmpty();
    }

    /// {@return true if every request has a window}
    boolean isLineEmpty() {
        return line.isEmpty();
    }

    /// {@return the number of waiters and tree nodes visited so far}
    ///
    /// Tests limit this number.
    long looks() {
        return waiterLooks + line.visits() + pages.visits();
    }

    /// {@return the number of wake-ups requested so far}
    long wakeUps() {
        return wakeUps;
    }

    /// Adds a waiter, after all others.
    ///
    /// @param isBeingMapped true if a thread maps a window onto the page; the end of the mapping will serve this waiter
    ///     too
    void enter(Waiter waiter, boolean isBeingMapped) {
        Request request = pages.find(waiter.own.page);
        waiter.turn = nextTurn++;
        if (request == null) {
            request = waiter.own;
            request.window = isBeingMapped ? BEING_MAPPED : IN_LINE;
            pages.add(request.byPage, request.page);
            if (!isBeingMapped) {
                line.add(request.inLine, waiter.turn);
            }
        }

        waiter.request = request;
        waiter.before = request.last;
        if (request.last == null) {
            request.first = waiter;
        } else {
            request.last.after = waiter;
        }
        request.last = waiter;
    }

    /// Removes a waiter. Has no effect if it does not wait.
    ///
    /// @return a slot to free, which was granted to the request and whose mapping has not begun; or
    ///     [WindowSlots#NO_SLOT]
    int leave(Waiter waiter) {
        Request request = waiter.request;
        if (request == null) {
            return WindowSlots.NO_SLOT;
        }

        boolean wasFirst = request.first == waiter;
        int window = request.window;
        remove(request, waiter);
        if (!wasFirst || window == BEING_MAPPED) {
            return WindowSlots.NO_SLOT;
        }

        // the request takes the turn of its next waiter; its granted slot goes to the first request in the line
        if (window == IN_LINE) {
            line.remove(request.inLine);
        }
        request.window = IN_LINE;
        if (request.first != null) {
            line.add(request.inLine, request.first.turn);
        }
        return window == IN_LINE ? WindowSlots.NO_SLOT : window;
    }

    /// Grants a window to the first request in the line, and requests a wake-up of its first waiter.
    ///
    /// @return the page of the request
    long grant(int slot) {
        Request request = line.first();
        if (request == null || request.first == null) {
            throw new IllegalStateException("no thread waits: slot=" + slot);
        }
        line.remove(request.inLine);
        request.window = slot;
        requestWakeUp(request.first);
        return request.page;
    }

    /// Requests a wake-up of the first waiter in the line, if there is one.
    void requestWakeUpOfFirst() {
        Request request = line.first();
        if (request != null && request.first != null) {
            requestWakeUp(request.first);
        }
    }

    /// Begins the mapping of the window that was granted to a page.
    ///
    /// @return false if no window was granted to the page, or its mapping has begun already
    boolean tryBegin(long page) {
        Request request = pages.find(page);
        if (request == null || request.window < 0) {
            return false;
        }
        request.window = BEING_MAPPED;
        return true;
    }

    /// Serves waiters for a page: adds a lease of the window for each, and requests its wake-up.
    ///
    /// @param slot slot that is mapped onto the page, and of which the caller has a lease
    /// @param most maximum number of waiters to serve
    /// @return true if more waiters are left
    boolean serve(long page, int slot, WindowSlots slots, int most) {
        Request request = pages.find(page);
        for (int served = 0; request != null && request.first != null; served++) {
            if (served == most) {
                return true;
            }
            if (slots.tryJoin(slot, page) == 0) {
                throw new IllegalStateException(format("window has another page: slot=%d, page=0x%x", slot, page));
            }
            Waiter waiter = request.first;
            remove(request, waiter);
            waiter.slot = slot;
            requestWakeUp(waiter);
        }
        return false;
    }

    /// Puts a request whose mapping failed back into the line, at its old turn.
    void refuse(long page) {
        Request request = pages.find(page);
        if (request != null && request.first != null) {
            request.window = IN_LINE;
            line.add(request.inLine, request.first.turn);
        }
    }

    /// Removes all waiters, and requests their wake-ups.
    ///
    /// @param free frees a slot that was granted and whose mapping has not begun
    void endAll(IntConsumer free) {
        for (Request request = pages.first(); request != null; request = pages.first()) {
            if (request.window >= 0) {
                free.accept(request.window);
            } else if (request.window == IN_LINE) {
                line.remove(request.inLine);
            }
            request.window = BEING_MAPPED; // neither in the line nor granted
            while (request.first != null) {
                Waiter waiter = request.first;
                remove(request, waiter);
                requestWakeUp(waiter);
            }
        }
    }

    /// Takes the list of waiters whose wake-up is due.
    ///
    /// @return the first one, for [#wake] without the lock, or null if there is none
    @Nullable Waiter takeWakeUps() {
        Waiter first = firstToWake;
        firstToWake = null;
        lastToWake = null;
        return first;
    }

    /// Wakes a list of waiters. Called without the lock.
    ///
    /// @param first first waiter of the list, or null
    static void wake(@Nullable Waiter first) {
        for (Waiter waiter = first; waiter != null; ) {
            Waiter next = waiter.nextToWake;
            waiter.isWakeUpDue = false;
            LockSupport.unpark(waiter.thread);
            waiter = next;
        }
    }

    private void requestWakeUp(Waiter waiter) {
        wakeUps++;
        if (waiter.isWakeUpDue) {
            return; // the thread that is about to wake it clears isWakeUpDue first
        }
        waiter.isWakeUpDue = true;
        waiter.nextToWake = null;
        if (lastToWake == null) {
            firstToWake = waiter;
        } else {
            lastToWake.nextToWake = waiter;
        }
        lastToWake = waiter;
    }

    private void remove(Request request, Waiter waiter) {
        waiterLooks++;
        if (waiter.before == null) {
            request.first = waiter.after;
        } else {
            waiter.before.after = waiter.after;
        }
        if (waiter.after == null) {
            request.last = waiter.before;
        } else {
            waiter.after.before = waiter.before;
        }
        waiter.before = null;
        waiter.after = null;
        waiter.request = null;
        if (request.first == null) {
            pages.remove(request.byPage);
        }
    }

    /// Checks the invariants.
    ///
    /// @param slots the slots of the pool
    /// @return number of slots that are granted and whose mapping has not begun
    int checkInvariants(WindowSlots slots) {
        line.checkInvariants();
        pages.checkInvariants();
        int[] counts = new int[2];
        pages.forEach(request -> {
            checkWaiters(request);
            Waiter first = request.first;
            boolean isInLine = request.window == IN_LINE;
            if (first == null
                    || isInLine != request.inLine.isMember()
                    || (isInLine && request.inLine.key() != first.turn)) {
                throw new AssertionError(format("I2: page=0x%x, window=%d", request.page, request.window));
            }
            int slot = slots.find(request.page);
            boolean isTaken = slot != WindowSlots.NO_SLOT && WindowSlots.isBusy(slots.word(slot));
            if (isTaken == isInLine || (request.window >= 0 && slot != request.window)) {
                throw new AssertionError(
                        format("I2: page=0x%x, window=%d, slot=%d", request.page, request.window, slot));
            }
            counts[0] += isInLine ? 1 : 0;
            counts[1] += request.window >= 0 ? 1 : 0;
        });
        if (counts[0] != line.size()) {
            throw new AssertionError("I2: inLine=" + counts[0] + ", line=" + line.size());
        }
        return counts[1];
    }

    private static void checkWaiters(Request request) {
        Waiter before = null;
        for (Waiter waiter = request.first; waiter != null; waiter = waiter.after) {
            if (waiter.request != request || waiter.before != before || waiter.isServed()) {
                throw new AssertionError(format("I1: page=0x%x, turn=%d", request.page, waiter.turn));
            }
            if (before != null && before.turn >= waiter.turn) {
                throw new AssertionError(format("I3: page=0x%x, turn=%d", request.page, waiter.turn));
            }
            before = waiter;
        }
        if (before == null || before != request.last) {
            throw new AssertionError(format("I1: page=0x%x, last waiter", request.page));
        }
    }

    @Override
    public String toString() {
        return "WindowWaiters(pages=" + pages.size() + ", inLine=" + line.size() + ")";
    }
}
