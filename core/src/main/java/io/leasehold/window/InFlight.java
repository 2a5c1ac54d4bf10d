package io.leasehold.window;

import java.util.concurrent.atomic.AtomicLongArray;

/// How many threads are in a system call on a descriptor, which must not be closed meanwhile: its number would soon be
/// another file's.
///
/// **Threads.** Thread-safe. Entering and leaving is one atomic addition each, to a cache line that is hardly shared.
///
/// **Memory order.** Who enters adds and then looks whether the file is closed; who closes says so and then adds up:
/// one of them sees the other. A thread leaves through the stripe that it entered by, so no sum misses it.
final class InFlight {

    private static final int STRIPES = 16;

    /// Two cache lines.
    private static final int LANE_POWER = 4;

    private final AtomicLongArray counts = new AtomicLongArray((STRIPES + 1) << LANE_POWER); // (A)

    /// Enters; the caller looks next whether the file is still open.
    ///
    /// @return what [#leave] is to be told
    int enter() {
        int stripe = ((int) Thread.currentThread().threadId() & (STRIPES - 1)) + 1;
        counts.getAndIncrement(stripe << LANE_POWER);
        return stripe;
    }

    void leave(int stripe) {
        counts.getAndDecrement(stripe << LANE_POWER);
    }

    /// Waits until nobody is inside, once nobody can come in. That takes as long as a read or a write.
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
