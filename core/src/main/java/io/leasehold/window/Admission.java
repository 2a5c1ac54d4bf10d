package io.leasehold.window;

import java.util.concurrent.atomic.AtomicLong;

/// A token bucket that decides whether another window may be mapped. A fixed share of the time spent in read(2) flows
/// into the bucket as credits, and each mapping costs credits.
///
/// So no sequence of accesses, however hostile, makes windows cost more than that share. Reads are timed by sampling, a
/// mapping and its first touch always.
///
/// **Threads.** Thread-safe and lock-free.
final class Admission {

    /// One read of 16 is timed: two looks at the clock cost 25 ns each, and a read about 1,000 ns.
    static final int SAMPLING = 16;

    /// One part in 33 of the time spent in reads, that is 3 %, is credited for windows.
    private static final long SHARE = 33;

    /// Maximum and initial credits in nanoseconds: a burst of about a hundred windows.
    private static final long MAX_CREDIT_NANOS = 2_000_000;

    /// Limit of one measurement: a longer one is of a thread that lost its processor, and not of the file.
    private static final long LONGEST_NANOS = 1_000_000;

    /// Factor on the cost of a mapping, since later page faults in the window cost about as much again.
    private static final long FAULTS_TO_COME = 2;

    private static final long FIRST_GUESS_NANOS = 20_000;

    /// A new measurement has a weight of one eighth in the estimate.
    private static final int SMOOTHING_POWER = 3;

    private final AtomicLong credits = new AtomicLong(MAX_CREDIT_NANOS); // (A)
    private volatile long mapNanos = FIRST_GUESS_NANOS; // (A) racy on purpose: a lost update loses one sample

    /// Adds credits for a timed read, which stands for [#SAMPLING] reads.
    void recordRead(long nanos) {
        long added = Math.min(nanos, LONGEST_NANOS) * SAMPLING / SHARE;
        credits.accumulateAndGet(added, (have, more) -> Math.min(have + more, MAX_CREDIT_NANOS));
    }

    /// Spends the cost of a window.
    ///
    /// @return true if the credits are spent; false if there are too few, or another thread changed them meanwhile
    boolean trySpend() {
        long cost = mapNanos * FAULTS_TO_COME;
        long have = credits.get();
        return have >= cost && credits.compareAndSet(have, have - cost);
    }

    /// Updates the estimated cost of a mapping and its first touch.
    void recordMapping(long nanos) {
        long estimate = mapNanos;
        mapNanos = estimate + ((Math.min(nanos, LONGEST_NANOS) - estimate) >> SMOOTHING_POWER);
    }
}
