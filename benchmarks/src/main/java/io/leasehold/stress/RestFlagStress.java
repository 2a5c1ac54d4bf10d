package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.memory.RestFlag;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZI_Result;

/// A worker that is about to rest, and a thread that gives it work: the worker sees the change, or is woken.
@JCStressTest
@Outcome(id = "true, 0", expect = ACCEPTABLE, desc = "The worker rests and is woken.")
@Outcome(id = "true, 1", expect = ACCEPTABLE, desc = "The worker saw the change and is woken too.")
@Outcome(id = "false, 1", expect = ACCEPTABLE, desc = "The worker saw the change.")
@Outcome(id = "false, 0", expect = FORBIDDEN, desc = "The worker rests and never sees the change.")
@State
public class RestFlagStress {

    private final RestFlag rest = new RestFlag();
    private volatile int change;

    /// Makes a change.
    @Actor
    public void requester(ZI_Result r) {
        change = 1;
        r.r1 = rest.end();
    }

    /// Rests unless it sees a change.
    @Actor
    public void worker(ZI_Result r) {
        rest.begin();
        r.r2 = change;
    }
}
