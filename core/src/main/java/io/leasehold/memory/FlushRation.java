package io.leasehold.memory;

/// Limits how often requests that find no memory flush the caches of other threads, or ask other arenas. A flush
/// interrupts the other threads.
///
/// ```text
///   helped             the next flush is allowed at once
///   in vain, 4 times   later flushes take one twentieth of the time, until one helps
/// ```
///
/// So a request finds memory that other threads cache. But threads that reach a limit and retry again and again do not
/// slow down a thread that works within its cache.
///
/// **Threads.** Thread-safe. Counts are racy on purpose, because one flush more does no harm.
public final class FlushRation {

    private static final int PARTS = 20;
    private static final int MAX_IN_VAIN = 4;

    private volatile long next = System.nanoTime(); // (A) System.nanoTime() from which the next flush is allowed
    private volatile int inVain; // (A) number of consecutive flushes that did not help

    /// Creates a ration that allows a flush.
    public FlushRation() {}

    /// {@return true if a request may flush}
    public boolean allows() {
        return inVain < MAX_IN_VAIN || System.nanoTime() - next >= 0;
    }

    /// Records the time of a flush, from `begin` until now.
    ///
    /// @param begin value of [System#nanoTime()] at the start of the flush
    public void spent(long begin) {
        long end = System.nanoTime();
        next = end + PARTS * (end - begin);
    }

    /// Records the result of a flush.
    ///
    /// @param helped true if the request that flushed found memory
    @SuppressWarnings("NonAtomicVolatileUpdate") // racy on purpose
    public void judge(boolean helped) {
        inVain = helped ? 0 : Math.min(inVain + 1, MAX_IN_VAIN);
    }

    @Override
    public String toString() {
        return "FlushRation(inVain=" + inVain + ")";
    }
}
