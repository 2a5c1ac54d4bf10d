package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/// A limit that refuses nothing: its listener is told that it was crossed, at most once in an interval.
///
/// **Threads.** Thread-safe and lock-free. The listener is called by the thread that allocates, which gets its buffer
/// also if the listener throws.
final class SoftLimit {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final MemoryBudget budget; // (C)
    private final long byteLimit; // (C)
    private final long intervalNanos; // (C)
    private final LongConsumer listener; // (C)
    private final LongSupplier clock; // (C)
    private final AtomicLong next; // (A) compare-and-set; when the listener may be called again
    private volatile boolean complained; // (A) racy on purpose: a repeated failure would flood the log

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
            try {
                listener.accept(used);
            } catch (RuntimeException e) { // an event loop would meet it at each read, and never close the channel
                complain(e);
            }
        }
    }

    private void complain(RuntimeException e) {
        if (!complained) {
            complained = true;
            LOG.log(System.Logger.Level.WARNING, "listener of a soft limit failed: byteLimit=" + byteLimit, e);
        }
    }
}
