package io.leasehold.memory;

/// How often requests that find no memory may empty the caches of other threads, which interrupts those threads.
///
/// ```text
///   helped             free again at once
///   in vain, 4 times   from then on for one twentieth of the time, until it helps
/// ```
///
/// So a request finds what other threads have cached, but threads at a limit that ask again and again do not slow down
/// a thread that works within its cache.
///
/// **Threads.** Thread-safe; counts are racy on purpose, since one flush more does no harm.
public final class FlushRation {

    private static final int PARTS = 20;
    private static final int MAX_IN_VAIN = 4;

    private volatile long next = System.nanoTime(); // (A) when the time that was spent is earned back
    private volatile int inVain; // (A) in a row

    /// Makes a ration that allows a flush.
    public FlushRation() {}

    /// {@return true if a request may flush}
    public boolean allows() {
        return inVain < MAX_IN_VAIN || System.nanoTime() - next >= 0;
    }

    /// Notes that a flush took from `begin` until now.
    ///
    /// @param begin of [System#nanoTime()]
    public void spent(long begin) {
        long end = System.nanoTime();
        next = end + PARTS * (end - begin);
    }

    /// Notes whether a flush was of use for the request that made it.
    ///
    /// @param helped true if the request found memory
    @SuppressWarnings("NonAtomicVolatileUpdate") // racy on purpose
    public void judge(boolean helped) {
        inVain = helped ? 0 : Math.min(inVain + 1, MAX_IN_VAIN);
    }

    @Override
    public String toString() {
        return "FlushRation(inVain=" + inVain + ")";
    }
}
