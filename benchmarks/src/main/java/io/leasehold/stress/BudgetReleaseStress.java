package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/// The budget: one child has all bytes of its parent and releases them, while another child requests them and a third
/// thread looks. No thread sees more than the limit, and the request is refused or gets the bytes.
@JCStressTest
@Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "The release came first.")
@Outcome(id = "false, true, true", expect = ACCEPTABLE, desc = "The request came first.")
@Outcome(expect = FORBIDDEN, desc = "The use was negative or above the limit, or less than what a child has.")
@State
public class BudgetReleaseStress {

    private final MemoryBudget parent = MemoryBudget.of("parent", 100);
    private final MemoryBudget first = parent.child("first", 100);
    private final MemoryBudget second = parent.child("second", 100);

    /// Reserves all bytes.
    public BudgetReleaseStress() {
        if (!first.tryReserve(100)) {
            throw new AssertionError(parent.report());
        }
    }

    /// Releases all bytes.
    @Actor
    public void release() {
        first.release(100);
    }

    /// Requests all bytes.
    @Actor
    public void reserve(ZZZ_Result r) {
        r.r1 = second.tryReserve(100);
        r.r3 = !r.r1 || parent.usedBytes() == 100;
    }

    /// Reads the use of the parent.
    @Actor
    public void look(ZZZ_Result r) {
        long seen = parent.usedBytes();
        r.r2 = seen == 0 || seen == 100;
    }
}
