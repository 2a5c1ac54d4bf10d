package io.leasehold.window;

import io.leasehold.memory.ShortLock;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The threads that wait for a window, in the order of their arrival.
///
/// ```text
///   the end of a pin     wakes the first waiter, without a lock
///   the first waiter     searches for windows, alone; each further window that it frees is granted to another waiter
///   the other waiters    sleep until they are granted a window, become the first, or time out
/// ```
///
/// While threads wait, no other thread takes a free slot, so waiters are never overtaken. A grant wakes its waiter at
/// once, so the waiters wake up in parallel.
///
/// **Threads.** [#wake] and [#mayTake] by any thread, lock-free; [#grant] and [#size] are guarded by the lock of the
/// [WindowPool], and the rest takes it.
///
/// **Memory order.** The first waiter is published before it searches, and the search has a barrier
/// ([SlotWords#tryCollectPins]). A thread that ends a pin reads the first waiter afterwards. So the waiter sees the end
/// of the pin, or is woken. `WindowWaiterStress` tests this.
final class WindowWaiters {

    private final ShortLock lock; // (C)
    private final LinkedHashSet<Waiter> queue = new LinkedHashSet<>(); // (L)
    private volatile @Nullable Waiter first; // (L) to write; the first of `queue`

    WindowWaiters(ShortLock lock) {
        this.lock = lock;
    }

    /// A thread that waits to be woken.
    static final class Waiter {
        private static final long LONG_WAIT_NANOS = TimeUnit.HOURS.toNanos(1);

        private final Thread thread = Thread.currentThread(); // (C)
        private volatile boolean isWoken; // (A)
        private volatile boolean isGranted; // (L) to write; never taken back

        /// Clears the wake-up before the waiter searches.
        void look() {
            isWoken = false;
        }

        /// Wakes the thread, unless it is already woken.
        void wake() {
            if (!isWoken) {
                isWoken = true;
                LockSupport.unpark(thread);
            }
        }

        /// Sleeps until a wake-up since the last [#look], or until a timeout.
        ///
        /// @return true if the thread was interrupted, which does not end the wait
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

    /// Removes a waiter, with or without a window. To remove it twice has no effect. The next waiter is woken if there
    /// may be a window for it.
    ///
    /// @param mayHaveMore called under the lock; true if there may be more windows
    void remove(Waiter waiter, BooleanSupplier mayHaveMore) {
        Waiter next;
        boolean hasMore;
        lock.lock();
        try {
            Iterator<Waiter> places = queue.iterator(); // allocated before the waiter is removed
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

    /// Grants free slots to the first waiters.
    ///
    /// @param freeCount number of free slots, including those that are granted already
    /// @return the waiters with a grant, to be woken without the lock
    List<Waiter> grant(int freeCount) {
        List<Waiter> granted = queue.stream().limit(freeCount).toList();
        granted.forEach(waiter -> waiter.isGranted = true);
        return granted;
    }

    /// {@return true if the caller may take a free slot: no other thread is before it, or it was granted one}
    ///
    /// @param waiter the waiter of the caller, or null if it does not wait
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
            // a waiter that was removed meanwhile may not have seen the wake-up
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
