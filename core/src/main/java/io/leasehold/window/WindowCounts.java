package io.leasehold.window;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// The counters of a cache, in stripes, so that two threads that hit do not write to the same cache line.
///
/// **Threads.** Thread-safe. Racy on purpose: an atomic addition would cost as much as the rest of a hit, so threads
/// that share a stripe may lose counts.
final class WindowCounts {

    static final int HIT = 0;
    static final int MISS = 1;
    static final int FAULTBUSY = 2;
    static final int BYPASS = 3;
    static final int ADMIT = 4;
    static final int RECYCLE = 5;
    static final int PLACEHOLDER = 6;
    static final int TRUNCATED = 7;
    static final int WAIT = 8;

    private static final int STRIPES = 64;

    /// Log2 of the `long`s in two cache lines.
    private static final int LANE_POWER = 4;

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] cells = new long[(STRIPES + 1) << LANE_POWER]; // (A) opaque

    WindowCounts() {
        // on a cell that no stripe has: the first call of a method handle needs Java heap, which may be full later
        CELL.setOpaque(cells, 0, (long) CELL.getOpaque(cells, 0));
    }

    /// Adds 1 to a counter.
    ///
    /// @return the count of this stripe
    long count(int what) {
        int stripe = (int) Thread.currentThread().threadId() & (STRIPES - 1);
        int cell = ((stripe + 1) << LANE_POWER) + what;
        long sum = (long) CELL.getOpaque(cells, cell) + 1;
        CELL.setOpaque(cells, cell, sum);
        return sum;
    }

    WindowCacheStats stats() {
        return new WindowCacheStats(
                sum(HIT),
                sum(MISS),
                sum(FAULTBUSY),
                sum(BYPASS),
                sum(ADMIT),
                sum(RECYCLE),
                sum(PLACEHOLDER),
                sum(TRUNCATED),
                sum(WAIT));
    }

    private long sum(int what) {
        long sum = 0;
        for (int stripe = 1; stripe <= STRIPES; stripe++) {
            sum += (long) CELL.getOpaque(cells, (stripe << LANE_POWER) + what);
        }
        return sum;
    }
}
