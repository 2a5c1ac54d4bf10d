package io.leasehold.budget;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Tells the listener of a budget when the use crosses the soft limit, in order and without a lock.
///
/// ```text
///   check: use and `told` differ ---> claims + 1 ---> was 0: tell until they agree, claims - seen, again unless 0
///                                                 \-> else: the teller sees the claim and looks again
/// ```
///
/// **Threads.** Thread-safe and lock-free. One thread at a time calls the listener. Stress test: `SoftLimitStress`.
///
/// **Invariant.** When no thread is inside a change of the budget, `told` is the current state. A thread that changes
/// the use reads `told` afterwards. The teller writes `told` and reads the use afterwards. Both are volatile, so that
/// at least one of the two threads sees the other's write.
final class SoftLimitSignal {

    private final BudgetShares shares; // (C)
    private final GuardedListener listener; // (C)
    private final AtomicInteger claims = new AtomicInteger(); // (A) not 0 while a thread tells
    private final AtomicLong crossings = new AtomicLong(); // (A) counter
    private volatile boolean told; // (A) written by the teller

    SoftLimitSignal(BudgetShares shares, GuardedListener listener) {
        this.shares = shares;
        this.listener = listener;
    }

    /// Calls the listener if the state differs from the one that it was told. Called after each change of the use, by
    /// callers that checked the stack: an overflow in here would leave the claim taken.
    void check() {
        if (shares.isAboveSoftLimit() == told || claims.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            for (boolean isAbove = shares.isAboveSoftLimit(); isAbove != told; isAbove = shares.isAboveSoftLimit()) {
                told = isAbove;
                if (isAbove) {
                    crossings.incrementAndGet();
                }
                listener.softLimitCrossed(isAbove);
            }
            seen = claims.addAndGet(-seen);
        } while (seen != 0);
    }

    /// {@return the number of times that the use rose above the soft limit}
    long crossings() {
        return crossings.get();
    }
}
