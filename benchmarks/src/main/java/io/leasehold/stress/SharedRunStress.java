package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;

import io.leasehold.memory.SharedRun;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Each caller of a [SharedRun] sees the result of a run that saw what the caller wrote before. A lost wake-up would
/// hang the test.
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "both were seen")
@State
public class SharedRunStress {

    private int first;
    private int second;
    private int seenFirst;
    private int seenSecond;
    private final SharedRun run = new SharedRun(() -> {
        seenFirst = first;
        seenSecond = second;
    });

    /// Writes the first value, then calls.
    @Actor
    public void first(II_Result r) {
        first = 1;
        run.run();
        r.r1 = seenFirst;
    }

    /// Writes the second value, then calls.
    @Actor
    public void second(II_Result r) {
        second = 1;
        run.run();
        r.r2 = seenSecond;
    }
}
