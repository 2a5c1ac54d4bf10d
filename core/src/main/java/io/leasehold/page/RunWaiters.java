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
/// **Failures.** The waiters are linked to each other, and adding one allocates first. A collection that cannot grow
/// may fail after it added an element. That waiter would stay the first one for ever, and no other one would be woken.
///
/// **Threads.** Guarded by `FramePool.lock`.
final class RunWaiters {

    private final ShortLock lock; // (C)
    private @Nullable Waiter first; // (L)
    private @Nullable Waiter last; // (L)
    private int count; // (L)
    private long lastReclaim; // (L) time of the last call of the reclaimers for the waiters

    RunWaiters(ShortLock lock) {
        this.lock = lock;
    }

    /// One thread that waits.
    static final class Waiter {
        final Condition changed; // (C)
        final int pageCount; // (C)
        final int align; // (C)
        int page = FreeMap.NONE; // (L) the run that was found for this waiter
        boolean isWoken; // (L) woken since its last attempt
        private @Nullable Waiter before; // (L) in the queue
        private @Nullable Waiter behind; // (L) in the queue

        private Waiter(Condition changed, int pageCount, int align) {
            this.changed = changed;
            this.pageCount = pageCount;
            this.align = align;
        }
    }

    boolean isEmpty() {
        return first == null;
    }

    /// Adds a waiter that called the reclaimers at `now`.
    Waiter add(int pageCount, int align, long now) {
        Waiter waiter = new Waiter(lock.newCondition(), pageCount, align);
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
        return waiter;
    }

    /// Removes a waiter, served or not. The next waiter takes over the work of the first.
    void remove(Waiter waiter) {
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

    /// Tries to allocate a run for each waiter that has none, in their order.
    ///
    /// @param take receives number of pages and alignment; returns the first page, or [FreeMap#NONE]
    void serve(IntBinaryOperator take) {
        int tooLong = Integer.MAX_VALUE; // no unaligned run of this length was found
        for (Waiter waiter = first; waiter != null; waiter = waiter.behind) {
            if (waiter.page < 0 && waiter.pageCount < tooLong) {
                waiter.page = take.applyAsInt(waiter.pageCount, waiter.align);
                if (waiter.page >= 0) {
                    wake(waiter);
                } else if (waiter.align == 1) {
                    tooLong = waiter.pageCount;
                }
            }
        }
    }

    @Override
    public String toString() {
        return "RunWaiters(" + count + ")";
    }
}
