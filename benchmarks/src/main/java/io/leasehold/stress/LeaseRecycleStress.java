package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/// A lease record is closed and opened for another page while somebody looks at it through the handle of the first.
///
/// The opener's store fence, which keeps its page and address below the end of the lease before, against the reader
/// that reads the word, the page or address, and the word again.
public final class LeaseRecycleStress {

    private static final int REFUSED = 0;
    private static final int OWN = 1;
    private static final int OTHER = 2;

    private static final PageArena ARENA =
            PageArena.open(PageArenaOptions.defaults().withName("stress").withByteSize(1 << 20));
    private static final LeasePool POOL = LeasePool.open(ARENA, LeasePoolOptions.directMap());
    private static final long OWN_PAGE = page(OWN);
    private static final long OTHER_PAGE = page(OTHER);

    private LeaseRecycleStress() {}

    private static long page(int stamp) {
        long page = ARENA.allocate();
        ARENA.frames().wire(page);
        OffHeap.putLong(ARENA.frames().address(page), stamp);
        return page;
    }

    /// Closes a lease and opens its record again, which lies on top of this thread's free records.
    private static void recycle(long lease) {
        POOL.release(lease);
        POOL.release(POOL.acquireHandle(OTHER_PAGE));
    }

    /// Asks a stale handle for its address.
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "Refused: the lease had ended.")
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

        /// Reads what is at the address.
        @Actor
        public void reader(I_Result r) {
            try {
                r.r1 = (int) OffHeap.getLong(POOL.address(lease));
            } catch (LeaseStateException e) {
                r.r1 = REFUSED;
            }
        }
    }

    /// Asks a stale handle for its page.
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "Refused: the lease had ended.")
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

        /// Asks.
        @Actor
        public void reader(I_Result r) {
            try {
                r.r1 = POOL.page(lease) == OWN_PAGE ? OWN : OTHER;
            } catch (LeaseStateException e) {
                r.r1 = REFUSED;
            }
        }
    }

    /// Closes by a stale handle what may be another lease by then.
    @JCStressTest
    @Outcome(id = "0", expect = ACCEPTABLE, desc = "Both leases were closed by their handles alone.")
    @Outcome(expect = FORBIDDEN, desc = "A stale handle closed another lease.")
    @State
    public static class StaleClose {

        private final long lease = POOL.acquireHandle(OWN_PAGE);

        /// Recycles the record.
        @Actor
        public void owner(I_Result r) {
            try {
                POOL.release(lease);
            } catch (LeaseStateException e) {
                return; // the other one was first
            }
            long other = POOL.acquireHandle(OTHER_PAGE);
            r.r1 = POOL.isOpen(other) && POOL.page(other) == OTHER_PAGE ? 0 : OTHER;
            try {
                POOL.release(other);
            } catch (LeaseStateException e) {
                r.r1 = OTHER;
            }
        }

        /// Closes.
        @Actor
        public void stranger() {
            try {
                POOL.release(lease);
            } catch (LeaseStateException e) {
                return; // as it should be, most of the time
            }
        }
    }
}
