package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.memory.OffHeap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// The last close of the only window against a thread that begins to wait for it. The waiter gets the window.
///
/// A lost wake-up would hang the actor. So a timekeeper interrupts threads that have waited for seconds, and the
/// interrupted acquire gives up.
public final class LeaseWaiterStress {

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final WiredPages PAGES = WiredPages.throughOneWindow();
    private static final LeasePool POOL = PAGES.pool();
    private static final Actors FIRST = new Actors(PAGES.page(1), 1);
    private static final Actors SECOND = new Actors(PAGES.page(2), 2);

    static {
        Thread.ofPlatform().daemon().name("timekeeper").start(() -> {
            while (true) {
                LockSupport.parkNanos(LIMIT_NANOS);
                FIRST.look();
                SECOND.look();
            }
        });
    }

    private LeaseWaiterStress() {}

    /// An actor of the test, used by one thread at a time, that needs a window for its own page.
    private static final class Actors {
        private final long page; // (C)
        private final int stamp; // (C)
        private volatile @Nullable Thread acquiring; // (O)
        private volatile long acquires; // (O)
        private long seen; // (O) the timekeeper

        Actors(long page, int stamp) {
            this.page = page;
            this.stamp = stamp;
        }

        /// {@return true if the thread got the window, with the right page}
        @SuppressWarnings("NonAtomicVolatileUpdate") // one thread at a time
        boolean use() {
            acquires++;
            acquiring = Thread.currentThread();
            long lease = POOL.tryAcquireHandle(page, LeaseFlag.CATCH);
            acquiring = null;
            if (lease == LeasePool.NO_LEASE) {
                Thread.interrupted(); // clear the status, or the next acquire would give up too
                return false;
            }
            boolean right = OffHeap.getLong(POOL.address(lease)) == stamp;
            POOL.free(lease);
            return right;
        }

        /// Interrupts the thread if it has waited in one acquire since the last call.
        void look() {
            Thread thread = acquiring;
            if (thread != null && acquires == seen) {
                thread.interrupt();
            }
            seen = acquires;
        }
    }

    /// Two threads that need the only window for different pages.
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Each got the window.")
    @Outcome(expect = FORBIDDEN, desc = "A thread waited in vain, or had the wrong page.")
    @State
    public static class CloseAgainstWaiter {

        /// Closes while the other thread may begin to wait, or waits.
        @Actor
        public void first(ZZ_Result r) {
            r.r1 = FIRST.use();
        }

        /// Waits, or closes while the other thread may begin to wait.
        @Actor
        public void second(ZZ_Result r) {
            r.r2 = SECOND.use();
        }
    }
}
