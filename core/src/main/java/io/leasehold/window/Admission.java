package io.leasehold.window;

import java.util.concurrent.atomic.AtomicLong;

/// What decides whether another window may be mapped: a purse that a part of the time spent in read(2) flows into, and
/// that mapping is paid from.
///
/// So no sequence of accesses, however hostile, makes windows cost more than that part. A read is timed once in a
/// while, a mapping with its first touch always.
///
/// **Threads.** Thread-safe and lock-free.
final class Admission {

    /// One read of so many is timed, for a clock costs 25 ns twice and a read about 1,000.
    static final int SAMPLING = 16;

    /// Of the time spent in reads: three per cent go into windows.
    private static final long SHARE = 33;

    /// What the purse holds at most, and at first: a burst of about a hundred windows.
    private static final long MAX_CREDIT_NANOS = 2_000_000;

    /// A thread that lost its processor while it was timed says nothing about the file.
    private static final long LONGEST_NANOS = 1_000_000;

    /// A mapped window faults further pages in later, at about the price of the mapping again.
    private static final long FAULTS_TO_COME = 2;

    private static final long FIRST_GUESS_NANOS = 20_000;

    /// Of the estimate, what one more measurement replaces: an eighth.
    private static final int SMOOTHING_POWER = 3;

    private final AtomicLong credits = new AtomicLong(MAX_CREDIT_NANOS); // (A)
    private volatile long mapNanos = FIRST_GUESS_NANOS; // (A) a lost update loses one sample

    /// Takes note of how long one read of [#SAMPLING] took.
    void recordRead(long nanos) {
        long added = Math.min(nanos, LONGEST_NANOS) * SAMPLING / SHARE;
        credits.accumulateAndGet(added, (have, more) -> Math.min(have + more, MAX_CREDIT_NANOS));
    }

    /// Takes the price of a window out of the purse, if it holds that much.
    boolean trySpend() {
        long cost = mapNanos * FAULTS_TO_COME;
        long have = credits.get();
        return have >= cost && credits.compareAndSet(have, have - cost);
    }

    /// Takes note of how long a mapping and its first touch took.
    void recordMapping(long nanos) {
        long estimate = mapNanos;
        mapNanos = estimate + ((Math.min(nanos, LONGEST_NANOS) - estimate) >> SMOOTHING_POWER);
    }
}
