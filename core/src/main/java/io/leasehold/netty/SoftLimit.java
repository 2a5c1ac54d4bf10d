package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/// A limit that rejects nothing. It calls a listener when more is used than the limit, at most once in an interval.
///
/// **Threads.** Thread-safe and lock-free. The allocating thread calls the listener, and gets its buffer even if the
/// listener throws. One thread at a time is in the listener. So a listener may allocate buffers.
final class SoftLimit {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final MemoryBudget budget; // (C)
    private final long byteLimit; // (C)
    private final long intervalNanos; // (C)
    private final LongConsumer listener; // (C)
    private final LongSupplier clock; // (C)
    private final AtomicLong next; // (A) compare-and-set; the time at which the listener may be called again
    private final AtomicBoolean isNotifying = new AtomicBoolean(); // (A) a thread is in the listener
    private volatile boolean warned; // (A) racy on purpose: a repeated failure would flood the log

    SoftLimit(MemoryBudget budget, Options options, LongSupplier clock) {
        this.budget = budget;
        this.byteLimit = options.byteLimit;
        this.intervalNanos = TimeUnit.NANOSECONDS.convert(options.interval); // a longer interval is for ever
        this.listener = options.listener;
        this.clock = clock;
        this.next = new AtomicLong(clock.getAsLong());
    }

    /// The values that were given to the builder.
    ///
    /// @param byteLimit number of bytes beyond which the listener is called
    /// @param interval minimum time between two calls
    /// @param listener receives the number of used bytes
    record Options(long byteLimit, Duration interval, LongConsumer listener) {}

    /// Calls the listener if more is used than the limit, unless the listener was called during the last interval.
    void check() {
        long used = budget.usedBytes();
        if (used > byteLimit) {
            notifyListener(used);
        }
    }

    private void notifyListener(long used) {
        long now = clock.getAsLong();
        long due = next.get();
        if (now - due < 0 || !isNotifying.compareAndSet(false, true)) {
            return;
        }
        try {
            if (next.compareAndSet(due, now + intervalNanos)) {
                listener.accept(used);
            }
        } catch (Throwable e) { // an event loop would retry the read without end
            warn(e);
        } finally {
            isNotifying.set(false);
        }
    }

    private void warn(Throwable cause) {
        if (!warned) {
            warned = true;
            try {
                LOG.log(System.Logger.Level.WARNING, "listener of a soft limit failed: byteLimit=" + byteLimit, cause);
            } catch (Throwable ignored) {
                // the failure of a log must not reject a buffer either
            }
        }
    }
}
