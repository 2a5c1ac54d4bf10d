package io.leasehold.netty;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A cache for a report that is expensive to make. The report is made again for each call, unless that would take more
/// than one part in 20 of the time.
///
/// A report of the memory in use takes tens of microseconds. A server at its limit that rejects a hundred thousand
/// buffers a second must not spend its time on reports. Its errors then share a report that is some milliseconds old.
///
/// **Threads.** Thread-safe and lock-free.
///
/// @param <T> the type of the report, which is immutable
final class Rationed<T> {

    /// Making reports takes at most one part in 20 of the time.
    private static final int PARTS = 20;

    /// Maximum credit in nanoseconds after a quiet time: some hundred reports.
    private static final long MAX_CREDIT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Supplier<T> maker; // (C)
    private final LongSupplier clock; // (C)
    private final AtomicLong earnedAt; // (A) the time at which the time spent is earned back
    private volatile @Nullable T last; // (A)

    Rationed(Supplier<T> maker, LongSupplier clock) {
        this.maker = maker;
        this.clock = clock;
        this.earnedAt = new AtomicLong(clock.getAsLong() - PARTS * MAX_CREDIT_NANOS);
    }

    /// {@return the report; it may be some milliseconds old if this method is called very often}
    T get() {
        long begin = clock.getAsLong();
        long earned = earnedAt.get();
        T seen = last;
        if (earned - begin > 0 && seen != null) {
            return seen;
        }
        T made = maker.get();
        last = made;
        long cost = PARTS * Math.max(1, clock.getAsLong() - begin);
        long since = Math.max(earned - begin, -PARTS * MAX_CREDIT_NANOS);
        earnedAt.compareAndSet(earned, begin + since + cost); // racy on purpose: one more report does no harm
        return made;
    }

    @Override
    public String toString() {
        return "Rationed(" + last + ")";
    }
}
