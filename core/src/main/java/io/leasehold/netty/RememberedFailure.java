package io.leasehold.netty;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The reason why an allocator could not be opened, remembered for one second. A server whose channels request buffers
/// all the time must not repeat the system calls for each request.
///
/// **Threads.** Thread-safe and lock-free.
final class RememberedFailure {

    static final long NANOS = TimeUnit.SECONDS.toNanos(1);

    private final LongSupplier clock; // (C) in nanoseconds
    private volatile @Nullable Failure last; // (A)

    private record Failure(Throwable cause, long forgottenAt) {}

    RememberedFailure(LongSupplier clock) {
        this.clock = clock;
    }

    void remember(Throwable cause) {
        last = new Failure(cause, clock.getAsLong() + NANOS);
    }

    /// {@return the failure, if it is at most one second old; otherwise null}
    @Nullable Throwable recent() {
        Failure failure = last;
        return failure == null || clock.getAsLong() - failure.forgottenAt >= 0 ? null : failure.cause;
    }

    @Override
    public String toString() {
        return "RememberedFailure(" + last + ")";
    }
}
