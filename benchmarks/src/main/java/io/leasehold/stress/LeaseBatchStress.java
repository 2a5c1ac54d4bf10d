package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeaseStateException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/// The stack of free records, with which threads exchange batches. Each actor acquires more leases than a thread caches
/// records, so that it takes batches and returns some.
public final class LeaseBatchStress {

    private static final int LEASES = 100;

    private static final WiredPages PAGES = WiredPages.onDirectMap();
    private static final LeasePool POOL = PAGES.pool();
    private static final long PAGE = PAGES.page(0);

    private LeaseBatchStress() {}

    /// {@return true if each lease belonged to this thread alone from its acquire to its close}
    private static boolean use() {
        long[] leases = new long[LEASES];
        for (int i = 0; i < LEASES; i++) {
            leases[i] = POOL.tryAcquireHandle(PAGE, LeaseFlag.DEFAULT);
        }
        try {
            for (long lease : leases) {
                POOL.free(lease);
            }
            return true;
        } catch (LeaseStateException e) {
            return false;
        }
    }

    /// Two threads acquire and close many leases.
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "No record had two users.")
    @Outcome(expect = FORBIDDEN, desc = "Two leases had one record, or a record was lost.")
    @State
    public static class TwoBursts {

        /// Acquires and closes.
        @Actor
        public void first(ZZZ_Result r) {
            r.r1 = use();
        }

        /// Acquires and closes too.
        @Actor
        public void second(ZZZ_Result r) {
            r.r2 = use();
        }

        /// Checks the number of open leases.
        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = POOL.stats().leases() == 0;
        }
    }
}
