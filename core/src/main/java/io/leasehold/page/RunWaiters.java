package io.leasehold.page;

import io.leasehold.memory.ShortLock;
import java.util.LinkedHashSet;
import java.util.concurrent.locks.Condition;
import java.util.function.IntBinaryOperator;

/// The threads that wait for a run, in the order in which they came.
///
/// ```text
///   free, decommit ----> tell: wakes the first, and no other
///   the first, awake --> serves everybody in order, and asks the reclaimers from time to time
///   the others           sleep until they are served, become the first, or their time is over
/// ```
///
/// So a page that is freed wakes one thread, however many wait, and looking for memory is the work of one thread whose
/// answer is for all.
///
/// **Threads.** Guarded by the lock of the [FramePool].
final class RunWaiters {

    private final ShortLock lock; // (C)
    private final LinkedHashSet<Waiter> queue = new LinkedHashSet<>(); // (L)
    private long asked; // (L) when the reclaimers were asked for the waiters the last time

    RunWaiters(ShortLock lock) {
        this.lock = lock;
    }

    /// One thread that waits.
    static final class Waiter {
        final Condition changed; // (C)
        final int pageCount; // (C)
        final int align; // (C)
        int page = FreeMap.NONE; // (L) the run that it was served with
        boolean isTold; // (L) since it looked the last time

        private Waiter(Condition changed, int pageCount, int align) {
            this.changed = changed;
            this.pageCount = pageCount;
            this.align = align;
        }
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /// Adds a waiter, for which the reclaimers were asked at `now`.
    Waiter add(int pageCount, int align, long now) {
        Waiter waiter = new Waiter(lock.newCondition(), pageCount, align);
        asked = queue.isEmpty() ? now : asked;
        queue.add(waiter);
        return waiter;
    }

    /// Removes a waiter, also one that was served; the next one takes over the work of the first.
    void remove(Waiter waiter) {
        boolean wasFirst = isFirst(waiter);
        queue.remove(waiter);
        if (wasFirst) {
            tell();
        }
    }

    boolean isFirst(Waiter waiter) {
        return queue.getFirst() == waiter;
    }

    /// {@return true once in `nanos` for all waiters together}
    boolean mayAsk(long now, long nanos) {
        boolean may = now - asked >= nanos;
        asked = may ? now : asked;
        return may;
    }

    /// Wakes the first waiter.
    void tell() {
        if (!queue.isEmpty()) {
            tell(queue.getFirst());
        }
    }

    private static void tell(Waiter waiter) {
        waiter.isTold = true;
        waiter.changed.signal();
    }

    /// Wakes every waiter.
    void tellAll() {
        queue.forEach(RunWaiters::tell);
    }

    /// Tries to take a run for each waiter that has none, in their order.
    ///
    /// @param take gets number of pages and alignment; returns the first page, or [FreeMap#NONE]
    void serve(IntBinaryOperator take) {
        int tooLong = Integer.MAX_VALUE; // no unaligned run of this length was found
        for (Waiter waiter : queue) {
            if (waiter.page < 0 && waiter.pageCount < tooLong) {
                waiter.page = take.applyAsInt(waiter.pageCount, waiter.align);
                if (waiter.page >= 0) {
                    tell(waiter);
                } else if (waiter.align == 1) {
                    tooLong = waiter.pageCount;
                }
            }
        }
    }

    @Override
    public String toString() {
        return "RunWaiters(" + queue.size() + ")";
    }
}
