package io.leasehold.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A sum that many threads change, in stripes, each in a cache line of its own.
///
/// It is used in place of `LongAdder`, which allocates on the Java heap when threads meet. If that allocation fails, an
/// error is thrown in the middle of a release or of a read. This counter has all its memory from the start.
///
/// **Threads.** Thread-safe. Each change is atomic. A sum that is read during changes includes some of them.
///
/// **Footprint.** 320 bytes of the Java heap.
public final class StripedCounter {

    private static final int STRIPES = 4;

    /// Log2 of the `long`s in a cache line.
    private static final int LINE_POWER = 3;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    /// The first line of the array has its header, and no stripe.
    private final long[] cells = new long[(STRIPES + 1) << LINE_POWER]; // (A)

    /// Creates a counter with the sum 0.
    public StripedCounter() {
        add(0); // the first call of a method handle needs Java heap, which may be full when something is counted
    }

    /// Adds to the sum.
    ///
    /// @param change number to add, of either sign
    public void add(long change) {
        int stripe = 1 + ((int) Thread.currentThread().threadId() & (STRIPES - 1));
        long _ = (long) CELL.getAndAdd(cells, stripe << LINE_POWER, change);
    }

    /// Adds 1 to the sum.
    public void increment() {
        add(1);
    }

    /// Subtracts 1 from the sum.
    public void decrement() {
        add(-1);
    }

    /// {@return the sum}
    public long sum() {
        long sum = 0;
        for (int stripe = 1; stripe <= STRIPES; stripe++) {
            sum += (long) CELL.getVolatile(cells, stripe << LINE_POWER);
        }
        return sum;
    }

    @Override
    public String toString() {
        return Long.toString(sum());
    }
}
