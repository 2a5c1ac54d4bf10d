package io.leasehold.window;

import io.leasehold.memory.ShortLock;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The threads that wait for a window, in the order in which they came.
///
/// ```text
///   the end of a pin ---> tell: wakes the first, without a lock
///   the first, awake ---> looks for windows, alone; each that it frees beside its own is granted to another waiter
///   the others            sleep until they are granted one, or are the first and there may be more, or time is over
/// ```
///
/// While threads wait, no other thread takes a free slot, so a newcomer passes none of them. A grant wakes its waiter
/// at once, so the time that it takes to wake threads passes for all of them together.
///
/// **Threads.** [#tell] and [#mayTake] by any thread, lock-free; [#grant] and [#size] are guarded by the lock of the
/// [WindowPool], and the rest takes it.
///
/// **Memory order.** The first waiter is published before it looks, and the look has a barrier ([SlotWords#trySettle]).
/// A thread that ends a pin looks for the first waiter afterwards. So the waiter sees the end of the pin, or is told.
final class WindowWaiters {

    private final ShortLock lock; // (C)
    private final LinkedHashSet<Waiter> queue = new LinkedHashSet<>(); // (L)
    private volatile @Nullable Waiter first; // (L) to write

    WindowWaiters(ShortLock lock) {
        this.lock = lock;
    }

    /// One thread that waits to be told.
    static final class Waiter {
        private static final long LONG_WAIT_NANOS = TimeUnit.HOURS.toNanos(1);

        private final Thread thread = Thread.currentThread(); // (C)
        private volatile boolean isWoken; // (A)
        private volatile boolean isGranted; // (L) to write; for good

        /// Forgets what was told before the waiter looks.
        void look() {
            isWoken = false;
        }

        /// Wakes the thread, unless it is awake.
        void wake() {
            if (!isWoken) {
                isWoken = true;
                LockSupport.unpark(thread);
            }
        }

        /// Sleeps until something was told since [#look], or a time is over.
        ///
        /// @return true if the thread was interrupted; it goes on sleeping
        boolean await(long nanos) {
            long deadline = System.nanoTime() + Math.min(nanos, LONG_WAIT_NANOS);
            boolean interrupted = false;
            for (long left = deadline - System.nanoTime(); !isWoken && left > 0; left = deadline - System.nanoTime()) {
                LockSupport.parkNanos(this, left);
                interrupted |= Thread.interrupted();
            }
            return interrupted;
        }

        @Override
        public String toString() {
            return "Waiter(" + thread + ")";
        }
    }

    /// Adds the calling thread behind all others.
    Waiter add() {
        Waiter waiter = new Waiter();
        lock.lock();
        try {
            queue.add(waiter);
            first = first == null ? waiter : first;
        } finally {
            lock.unlock();
        }
        return waiter;
    }

    /// Removes a waiter, with a window or without; removing it twice has no effect. The next one looks if there may be
    /// a window for it.
    ///
    /// @param mayHaveMore is asked under the lock
    void remove(Waiter waiter, BooleanSupplier mayHaveMore) {
        Waiter next;
        boolean hasMore;
        lock.lock();
        try {
            Iterator<Waiter> places = queue.iterator(); // made before the waiter leaves
            if (first != waiter) {
                queue.remove(waiter);
                return;
            }
            places.next();
            next = places.hasNext() ? places.next() : null;
            queue.remove(waiter);
            first = next;
            hasMore = mayHaveMore.getAsBoolean();
        } finally {
            lock.unlock();
        }
        if (next != null && (hasMore || waiter.isWoken)) {
            next.wake();
        }
    }

    /// {@return number of waiters}
    int size() {
        return queue.size();
    }

    /// Lets the first waiters take free slots.
    ///
    /// @param freeCount number of free slots, also of those that are granted already
    /// @return the waiters that may take one, to be told without the lock
    List<Waiter> grant(int freeCount) {
        List<Waiter> granted = queue.stream().limit(freeCount).toList();
        granted.forEach(waiter -> waiter.isGranted = true);
        return granted;
    }

    /// {@return true if the caller may take a free slot, as no other thread is before it or it was granted one}
    ///
    /// @param waiter the caller, or null if it does not wait
    boolean mayTake(@Nullable Waiter waiter) {
        Waiter current = first;
        return current == null || current == waiter || (waiter != null && waiter.isGranted);
    }

    /// Wakes the first waiter, if there is one.
    void wake() {
        Waiter woken = first;
        while (woken != null) {
            woken.wake();
            Waiter now = first;
            // a waiter that left meanwhile may not have seen that it was woken
            woken = now == woken ? null : now;
        }
    }

    /// Wakes all waiters.
    void wakeAll() {
        List<Waiter> woken;
        lock.lock();
        try {
            woken = List.copyOf(queue);
        } finally {
            lock.unlock();
        }
        woken.forEach(Waiter::wake);
    }

    @Override
    public String toString() {
        return "WindowWaiters(first=" + first + ")";
    }
}
