package io.leasehold.memory;

/// Limits how often code allocates Java objects that it can do without, after the Java heap was full.
///
/// ```text
///   allocation fails ---> 20 times as long: no attempt ---> next attempt
/// ```
///
/// A failed allocation makes the JVM collect garbage several times. With 256 MiB of heap that takes 100 ms. A release
/// must not pay this, and must not make all other threads pay it, each time.
///
/// **Threads.** Thread-safe. The state is racy on purpose, because one attempt more does no harm.
public final class FullHeap {

    private static final int PARTS = 20;

    private static volatile boolean wasFull; // (A) never reset: most processes need no clock
    private static volatile long next; // (A) System.nanoTime() from which an attempt is allowed

    private FullHeap() {}

    /// {@return true if an allocation failed a short time ago, so that the caller does without its object}
    public static boolean isLikely() {
        return wasFull && System.nanoTime() - next < 0;
    }

    /// Records a failed allocation.
    ///
    /// @param begin value of [System#nanoTime()] before the attempt
    public static void met(long begin) {
        long end = System.nanoTime();
        next = end + PARTS * (end - begin);
        wasFull = true;
    }
}
