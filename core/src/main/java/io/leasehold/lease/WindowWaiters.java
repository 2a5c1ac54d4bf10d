package io.leasehold.lease;

import io.leasehold.lease.RequestTree.Node;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The threads that wait for a window: in the order in which they came, and by the page that they want.
///
/// ```text
///   line    turn 3 ----> turn 4 ----> turn 9                requests that have no window, by their oldest waiter
///             |            |            |
///   pages   page p       page q       page r       page s   every page that a thread waits for
///             |            |            |            |
///           3, 5, 6        4          9, 10         1, 2    waiters by page; s has a window that is not mapped yet
/// ```
///
/// A request is a page and the threads that wait for it, since one mapping serves them all. Its turn in the line is
/// that of its oldest waiter, so windows go to waiters in the order in which they came.
///
/// ```text
///               grant                  begin                   end: serves its waiters
///   IN LINE  ------------> granted  ------------> BEING MAPPED ------------------------> (no request)
///      ^                      |                        |
///      +----------------------+------------------------+
///        its oldest waiter left     the kernel refused
/// ```
///
/// **Work.** Each change looks at the waiters that it serves, and at some nodes of two trees, whose depth is about
/// twice the logarithm of the number of pages in them. [#looks()] counts both.
///
/// **Threads.** Guarded by the lock of [WindowClaims], but for what [Waiter] says. Threads are woken by [#wake] without
/// the lock, since a wake-up may be a call of the kernel.
///
/// **Invariants.** I1: a request has a waiter, and is in [#pages]. I2: a request is in the line if and only if it has
/// no window; its key there is the turn of its first waiter. I3: the turns of the waiters of a request grow.
final class WindowWaiters {

    /// In place of a granted slot: the request is in the line.
    static final int IN_LINE = -1;

    /// In place of a granted slot: a thread maps a window onto the page of the request.
    static final int BEING_MAPPED = -2;

    /// In place of the slot that serves a waiter: there is none yet.
    private static final int NOT_SERVED = -1;

    private final RequestTree line = new RequestTree(); // (L)
    private final RequestTree pages = new RequestTree(); // (L)
    private long nextTurn; // (L)
    private @Nullable Waiter firstTold; // (L) waiters to wake once the lock is free
    private @Nullable Waiter lastTold; // (L)
    private long tells; // (L)
    private long waiterLooks; // (L)

    /// A page that threads wait for.
    static final class Request {
        private final long page; // (C)
        private final Node byPage = new Node(this); // (C)
        private final Node inLine = new Node(this); // (C)
        private int window = IN_LINE; // (L) or the slot that was granted, or BEING_MAPPED
        private @Nullable Waiter first; // (L) the oldest one
        private @Nullable Waiter last; // (L)

        Request(long page) {
            this.page = page;
        }
    }

    /// A thread that waits. It brings all that its waiting needs, so that nothing is allocated under the lock.
    ///
    /// **Threads.** [#slot()] by any thread; it is the lease that was added for the waiter.
    ///
    /// **Memory order.** `slot` (volatile) is written after the lease is added. `isTold` is cleared before the thread
    /// is woken, so a waiter that is told again while it is set has that wake-up still before it.
    static final class Waiter {
        private final Thread thread = Thread.currentThread(); // (C)
        private final Request own; // (C) the request, if its page has none
        private @Nullable Request request; // (L) null before it waits and after it was served or left
        private long turn; // (L)
        private @Nullable Waiter before; // (L) the next older one for the page
        private @Nullable Waiter after; // (L)
        private volatile int slot = NOT_SERVED; // (L) to write
        private volatile boolean isTold; // (L) to set; cleared by the thread that wakes
        private @Nullable Waiter toldAfter; // (L) to write, while isTold is not set

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

    /// {@return the number of waiters and tree nodes that were looked at so far: the work, which tests bound}
    long looks() {
        return waiterLooks + line.visits() + pages.visits();
    }

    /// {@return the number of waiters that were told so far}
    long tells() {
        return tells;
    }

    /// Lets a thread wait, behind all others.
    ///
    /// @param isBeingMapped true if a thread maps a window onto the page, which will serve this waiter too
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

    /// Ends the waiting of a thread; has no effect if it does not wait.
    ///
    /// @return a slot that had been granted to its request and was not begun, now free; or [WindowSlots#NO_SLOT]
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

        // the request takes the turn of its next waiter, and what it was granted goes to the first one in the line
        if (window == IN_LINE) {
            line.remove(request.inLine);
        }
        request.window = IN_LINE;
        if (request.first != null) {
            line.add(request.inLine, request.first.turn);
        }
        return window == IN_LINE ? WindowSlots.NO_SLOT : window;
    }

    /// Grants a window to the first request in the line, and tells its first waiter.
    ///
    /// @return the page of the request
    long grant(int slot) {
        Request request = line.first();
        if (request == null || request.first == null) {
            throw new IllegalStateException("no thread waits: slot=" + slot);
        }
        line.remove(request.inLine);
        request.window = slot;
        tell(request.first);
        return request.page;
    }

    /// Tells the first waiter in the line, if there is one.
    void tellFirst() {
        Request request = line.first();
        if (request != null && request.first != null) {
            tell(request.first);
        }
    }

    /// Begins the mapping of a window that was granted.
    ///
    /// @param page page of a request
    /// @return false if no window was granted for the page, or its mapping has begun
    boolean tryBegin(long page) {
        Request request = pages.find(page);
        if (request == null || request.window < 0) {
            return false;
        }
        request.window = BEING_MAPPED;
        return true;
    }

    /// Gives leases of a window to waiters for its page, and tells them.
    ///
    /// @param slot slot that is mapped onto the page, and of which the caller has a lease
    /// @param most maximum number of waiters to serve
    /// @return true if there are more of them
    boolean serve(long page, int slot, WindowSlots slots, int most) {
        Request request = pages.find(page);
        for (int served = 0; request != null && request.first != null; served++) {
            if (served == most) {
                return true;
            }
            if (slots.tryJoin(slot, page) == 0) {
                throw new IllegalStateException("window has another page: slot=%d, page=0x%x".formatted(slot, page));
            }
            Waiter waiter = request.first;
            remove(request, waiter);
            waiter.slot = slot;
            tell(waiter);
        }
        return false;
    }

    /// Puts the request for a page whose mapping failed back into the line, in its old turn.
    void refuse(long page) {
        Request request = pages.find(page);
        if (request != null && request.first != null) {
            request.window = IN_LINE;
            line.add(request.inLine, request.first.turn);
        }
    }

    /// Ends all waiting, and tells every waiter.
    ///
    /// @param free takes the slots that were granted and not begun
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
                tell(waiter);
            }
        }
    }

    /// {@return the waiters that were told, for [#wake] without the lock, or null}
    @Nullable Waiter takeTold() {
        Waiter first = firstTold;
        firstTold = null;
        lastTold = null;
        return first;
    }

    /// Wakes waiters; called without the lock.
    static void wake(@Nullable Waiter first) {
        for (Waiter waiter = first; waiter != null; ) {
            Waiter next = waiter.toldAfter;
            waiter.isTold = false;
            LockSupport.unpark(waiter.thread);
            waiter = next;
        }
    }

    private void tell(Waiter waiter) {
        tells++;
        if (waiter.isTold) {
            return; // the thread that is about to wake it clears isTold first
        }
        waiter.isTold = true;
        waiter.toldAfter = null;
        if (lastTold == null) {
            firstTold = waiter;
        } else {
            lastTold.toldAfter = waiter;
        }
        lastTold = waiter;
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

    /// Checks what must always hold.
    ///
    /// @param slots the slots of the pool
    /// @return number of slots that are granted and not begun
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
                throw new AssertionError("I2: page=0x%x, window=%d".formatted(request.page, request.window));
            }
            int slot = slots.find(request.page);
            boolean isTaken = slot != WindowSlots.NO_SLOT && WindowSlots.isBusy(slots.word(slot));
            if (isTaken == isInLine || (request.window >= 0 && slot != request.window)) {
                throw new AssertionError(
                        "I2: page=0x%x, window=%d, slot=%d".formatted(request.page, request.window, slot));
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
                throw new AssertionError("I1: page=0x%x, turn=%d".formatted(request.page, waiter.turn));
            }
            if (before != null && before.turn >= waiter.turn) {
                throw new AssertionError("I3: page=0x%x, turn=%d".formatted(request.page, waiter.turn));
            }
            before = waiter;
        }
        if (before == null || before != request.last) {
            throw new AssertionError("I1: page=0x%x, last waiter".formatted(request.page));
        }
    }

    @Override
    public String toString() {
        return "WindowWaiters(pages=" + pages.size() + ", inLine=" + line.size() + ")";
    }
}
