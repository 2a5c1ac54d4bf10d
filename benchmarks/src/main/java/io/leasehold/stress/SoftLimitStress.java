package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.BudgetListener;
import io.leasehold.budget.BudgetOptions;
import io.leasehold.budget.MemoryBudget;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// The soft limit: one thread crosses it upwards while another crosses it downwards. The listener's last call has the
/// state at the end, and calls do not overlap.
@JCStressTest
@Outcome(id = "false, false", expect = ACCEPTABLE, desc = "The listener knows that the use is below the soft limit.")
@Outcome(expect = FORBIDDEN, desc = "The last call has an old state, a call was repeated, or two calls overlapped.")
@State
@SuppressWarnings("this-escape") // the budget calls nothing before it is open
public class SoftLimitStress implements BudgetListener {

    private final MemoryBudget budget = MemoryBudget.of(
            BudgetOptions.of("budget", 100).withSoftByteLimit(50).withListener(this));
    private boolean told; // plain on purpose: the calls must be ordered by the budget
    private boolean isWrong;

    /// Reserves bytes below the soft limit.
    public SoftLimitStress() {
        if (!budget.tryReserve(40)) {
            throw new AssertionError(budget.report());
        }
    }

    @Override
    public void softLimitCrossed(MemoryBudget of, boolean isAbove) {
        isWrong |= told == isAbove;
        told = isAbove;
    }

    /// Crosses the soft limit upwards, unless the other thread was first.
    @Actor
    public void reserve() {
        if (!budget.tryReserve(20)) {
            throw new AssertionError(budget.report());
        }
    }

    /// Crosses the soft limit downwards, unless the other thread was later.
    @Actor
    public void release() {
        budget.release(30);
    }

    /// Reads what the listener was told.
    @Arbiter
    public void end(ZZ_Result r) {
        r.r1 = told;
        r.r2 = isWrong;
    }
}
