package io.leasehold.page.service;

/// A time limit for one piece of background work. The work stops at the limit and reports that it is not finished.
///
/// Work is done in steps of about 10 us, and each step takes a lock at most once. Between two steps the work calls
/// [#isSpent].
///
/// **Threads.** Immutable.
public final class Pace {

    private static final Pace UNLIMITED = new Pace(0, 0);

    private final long start; // (C) of System.nanoTime
    private final long nanos; // (C) 0 without a limit

    private Pace(long start, long nanos) {
        this.start = start;
        this.nanos = nanos;
    }

    /// {@return a pace that is never spent}
    public static Pace unlimited() {
        return UNLIMITED;
    }

    /// {@return a pace that is spent after `nanos` nanoseconds}
    ///
    /// @param nanos time limit in nanoseconds, at least 1
    public static Pace ofNanos(long nanos) {
        return new Pace(System.nanoTime(), Math.max(1, nanos));
    }

    /// {@return true if the time limit is reached, so that the work stops now and continues later}
    public boolean isSpent() {
        return nanos > 0 && System.nanoTime() - start >= nanos;
    }

    /// {@return a pace with half of the remaining time}
    public Pace half() {
        return nanos == 0 ? this : ofNanos((nanos - (System.nanoTime() - start)) / 2);
    }
}
