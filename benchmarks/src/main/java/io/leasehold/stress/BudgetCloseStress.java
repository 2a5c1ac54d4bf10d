package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZJ_Result;

/// The budget: one thread closes a child while another thread reserves bytes in it. One of the two gets its way.
@JCStressTest
@Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "The child was closed first.")
@Outcome(id = "false, true, 60", expect = ACCEPTABLE, desc = "The bytes were reserved first.")
@Outcome(expect = FORBIDDEN, desc = "A closed child has bytes, or its parent lost count.")
@State
public class BudgetCloseStress {

    private final MemoryBudget parent = MemoryBudget.of("parent", 100);
    private final MemoryBudget child = parent.child("child", 100);

    /// Closes the child.
    @Actor
    public void close(ZZJ_Result r) {
        try {
            child.close();
            r.r1 = true;
        } catch (IllegalStateException e) {
            r.r1 = false;
        }
    }

    /// Requests 60 bytes of the child.
    @Actor
    public void reserve(ZZJ_Result r) {
        try {
            r.r2 = child.tryReserve(60);
        } catch (IllegalStateException e) {
            r.r2 = false;
        }
    }

    /// Reads the total.
    @Arbiter
    public void end(ZZJ_Result r) {
        r.r3 = parent.usedBytes();
    }
}
