package io.leasehold.window;

import java.util.concurrent.atomic.AtomicLongArray;

/// Counts the threads that are in a system call on a descriptor. The descriptor must not be closed meanwhile, since
/// another file would soon get its number.
///
/// **Threads.** Thread-safe. Entering and leaving cost one atomic addition each, on a cache line that is rarely
/// shared.
///
/// **Memory order.** A thread that enters adds 1 and then checks whether the file is closed. A thread that closes sets
/// the flag `closed` of the file and then sums the counts. One of them sees the other. A thread leaves through the
/// stripe that it entered by, so no sum misses it.
final class InFlight {

    private static final int STRIPES = 16;

    /// Log2 of the `long`s in two cache lines.
    private static final int LANE_POWER = 4;

    private final AtomicLongArray counts = new AtomicLongArray((STRIPES + 1) << LANE_POWER); // (A)

    /// Enters. The caller then checks whether the file is still open.
    ///
    /// @return the argument for [#leave]
    int enter() {
        int stripe = ((int) Thread.currentThread().threadId() & (STRIPES - 1)) + 1;
        counts.getAndIncrement(stripe << LANE_POWER);
        return stripe;
    }

    void leave(int stripe) {
        counts.getAndDecrement(stripe << LANE_POWER);
    }

    /// Waits until no thread is inside; no more threads can enter. This takes as long as a read or a write.
    void awaitEmpty() {
        while (sum() != 0) {
            Thread.yield();
        }
    }

    private long sum() {
        long sum = 0;
        for (int stripe = 1; stripe <= STRIPES; stripe++) {
            sum += counts.get(stripe << LANE_POWER);
        }
        return sum;
    }
}
