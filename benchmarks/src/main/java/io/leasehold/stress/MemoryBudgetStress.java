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

/// The budget: two children request the last bytes of their parent, and exactly one gets them.
@JCStressTest
@Outcome(id = "true, false, 60", expect = ACCEPTABLE, desc = "The first child got them.")
@Outcome(id = "false, true, 60", expect = ACCEPTABLE, desc = "The second child got them.")
@Outcome(expect = FORBIDDEN, desc = "The limit was exceeded, or a rejected request kept bytes.")
@State
public class MemoryBudgetStress {

    private final MemoryBudget parent = MemoryBudget.of("parent", 100);
    private final MemoryBudget first = parent.child("first", 100);
    private final MemoryBudget second = parent.child("second", 100);

    /// Requests 60 of 100 bytes.
    @Actor
    public void first(ZZJ_Result r) {
        r.r1 = first.tryReserve(60);
    }

    /// Requests 60 of 100 bytes.
    @Actor
    public void second(ZZJ_Result r) {
        r.r2 = second.tryReserve(60);
    }

    /// Reads the total.
    @Arbiter
    public void end(ZZJ_Result r) {
        r.r3 = parent.usedBytes();
        if (first.usedBytes() + second.usedBytes() != parent.usedBytes()) {
            r.r3 = -1;
        }
    }
}
