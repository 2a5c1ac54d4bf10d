package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeaseStateException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZI_Result;

/// The word of a lease record: of several threads that end one lease, exactly one succeeds.
public final class LeaseDoubleCloseStress {

    private static final WiredPages PAGES = WiredPages.onDirectMap();
    private static final LeasePool POOL = PAGES.pool();
    private static final long PAGE = PAGES.page(0);

    private LeaseDoubleCloseStress() {}

    private static boolean release(long lease) {
        try {
            POOL.free(lease);
            return true;
        } catch (LeaseStateException e) {
            return false;
        }
    }

    /// Two threads close one lease.
    @JCStressTest
    @Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "The first thread closed it.")
    @Outcome(id = "false, true, 0", expect = ACCEPTABLE, desc = "The second thread closed it.")
    @Outcome(expect = FORBIDDEN, desc = "Closed twice, never closed, or still open.")
    @State
    public static class TwoCloses {

        private final long lease = POOL.acquireHandle(PAGE);

        /// Closes the lease.
        @Actor
        public void first(ZZI_Result r) {
            r.r1 = release(lease);
        }

        /// Closes the lease too.
        @Actor
        public void second(ZZI_Result r) {
            r.r2 = release(lease);
        }

        /// Checks the final state.
        @Arbiter
        public void end(ZZI_Result r) {
            r.r3 = POOL.isOpen(lease) ? 1 : 0;
        }
    }

    /// One thread closes a lease while another one hands it over.
    @JCStressTest
    @Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "Closed; the hand-over was rejected.")
    @Outcome(id = "false, true, 1", expect = ACCEPTABLE, desc = "Handed over; the close was rejected.")
    @Outcome(expect = FORBIDDEN, desc = "Closed under the new owner, or neither operation succeeded.")
    @State
    public static class CloseAgainstHandOver {

        private final long lease = POOL.acquireHandle(PAGE);
        private long next;

        /// Closes the lease.
        @Actor
        public void close(ZZI_Result r) {
            r.r1 = release(lease);
        }

        /// Hands the lease over.
        @Actor
        public void handOver(ZZI_Result r) {
            try {
                next = POOL.handOver(lease);
                r.r2 = true;
            } catch (LeaseStateException e) {
                r.r2 = false;
            }
        }

        /// Checks the final state, as the new owner.
        @Arbiter
        public void end(ZZI_Result r) {
            r.r3 = (POOL.isOpen(lease) ? 2 : 0) + (next != LeasePool.NO_LEASE && release(next) ? 1 : 0);
        }
    }
}
