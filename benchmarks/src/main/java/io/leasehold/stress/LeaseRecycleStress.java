package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.memory.OffHeap;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/// A lease record is closed and reopened for another page while a reader uses the handle of the first lease.
///
/// The opener has a store fence, which orders the end of the first lease before the stores of page and address. The
/// reader loads the word, then the page or address, then the word again.
public final class LeaseRecycleStress {

    private static final int REFUSED = 0;
    private static final int OWN = 1;
    private static final int OTHER = 2;

    private static final WiredPages PAGES = WiredPages.onDirectMap();
    private static final LeasePool POOL = PAGES.pool();
    private static final long OWN_PAGE = PAGES.page(OWN);
    private static final long OTHER_PAGE = PAGES.page(OTHER);

    private LeaseRecycleStress() {}

    /// Closes a lease and reopens its record, which is on top of this thread's free records.
    private static void recycle(long lease) {
        POOL.free(lease);
        POOL.free(POOL.acquireHandle(OTHER_PAGE));
    }

    /// Asks for the address of a stale handle.
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "Rejected: the lease had ended.")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "The lease was still open.")
    @Outcome(expect = FORBIDDEN, desc = "The address of another lease.")
    @State
    public static class StaleAddress {

        private final long lease = POOL.acquireHandle(OWN_PAGE);

        /// Recycles the record.
        @Actor
        public void owner() {
            recycle(lease);
        }

        /// Reads the memory at the address.
        @Actor
        public void reader(I_Result r) {
            try {
                r.r1 = (int) OffHeap.getLong(POOL.address(lease));
            } catch (LeaseStateException e) {
                r.r1 = REFUSED;
            }
        }
    }

    /// Asks for the page of a stale handle.
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "Rejected: the lease had ended.")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "The lease was still open.")
    @Outcome(expect = FORBIDDEN, desc = "The page of another lease.")
    @State
    public static class StalePage {

        private final long lease = POOL.acquireHandle(OWN_PAGE);

        /// Recycles the record.
        @Actor
        public void owner() {
            recycle(lease);
        }

        /// Reads the page.
        @Actor
        public void reader(I_Result r) {
            try {
                r.r1 = POOL.page(lease) == OWN_PAGE ? OWN : OTHER;
            } catch (LeaseStateException e) {
                r.r1 = REFUSED;
            }
        }
    }

    /// Closes a stale handle, whose record may belong to another lease by then.
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "Each lease was closed only by its own handle.")
    @Outcome(expect = FORBIDDEN, desc = "A stale handle closed another lease.")
    @State
    public static class StaleClose {

        private final long lease = POOL.acquireHandle(OWN_PAGE);

        /// Recycles the record.
        @Actor
        public void owner(I_Result r) {
            try {
                POOL.free(lease);
            } catch (LeaseStateException e) {
                return; // the other thread was first
            }
            long other = POOL.acquireHandle(OTHER_PAGE);
            r.r1 = POOL.isOpen(other) && POOL.page(other) == OTHER_PAGE ? 0 : OTHER;
            try {
                POOL.free(other);
            } catch (LeaseStateException e) {
                r.r1 = OTHER;
            }
        }

        /// Closes the stale handle.
        @Actor
        public void stranger() {
            try {
                POOL.free(lease);
            } catch (LeaseStateException e) {
                return; // the usual outcome: the stale handle is rejected
            }
        }
    }
}
