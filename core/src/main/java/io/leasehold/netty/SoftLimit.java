package io.leasehold.netty;

import io.leasehold.memory.MemoryBudget;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/// A bound that refuses nothing: who crosses it is told so, at most once in an interval.
///
/// **Threads.** Thread-safe and lock-free; the listener is called by whichever thread allocates.
final class SoftLimit {

    private final MemoryBudget budget; // (C)
    private final long byteLimit; // (C)
    private final long intervalNanos; // (C)
    private final LongConsumer listener; // (C)
    private final LongSupplier clock; // (C)
    private final AtomicLong next; // (A) compare-and-set; when the listener may be called again

    SoftLimit(MemoryBudget budget, Terms terms, LongSupplier clock) {
        this.budget = budget;
        this.byteLimit = terms.byteLimit;
        this.intervalNanos = terms.interval.toNanos();
        this.listener = terms.listener;
        this.clock = clock;
        this.next = new AtomicLong(clock.getAsLong());
    }

    /// What a builder was told.
    record Terms(long byteLimit, Duration interval, LongConsumer listener) {}

    /// Calls the listener if more is used than the limit and it was not called lately.
    void check() {
        long used = budget.usedBytes();
        if (used > byteLimit) {
            tell(used);
        }
    }

    private void tell(long used) {
        long now = clock.getAsLong();
        long due = next.get();
        if (now - due >= 0 && next.compareAndSet(due, now + intervalNanos)) {
            listener.accept(used);
        }
    }
}
