package io.leasehold.page;

/// How long a piece of background work may go on before it has to stop and say that it is not finished.
///
/// Work is done in steps of some ten microseconds, each of which holds a lock once at most; between two steps it asks
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

    /// {@return a pace that is spent in `nanos` nanoseconds}
    ///
    /// @param nanos at least 1
    static Pace ofNanos(long nanos) {
        return new Pace(System.nanoTime(), Math.max(1, nanos));
    }

    /// {@return true if the time is over, so that the work stops here and goes on later}
    public boolean isSpent() {
        return nanos > 0 && System.nanoTime() - start >= nanos;
    }

    /// {@return the first half of what is left}
    Pace half() {
        return nanos == 0 ? this : ofNanos((nanos - (System.nanoTime() - start)) / 2);
    }
}
