package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolStats;
import io.leasehold.memory.OffHeap;
import java.util.concurrent.ThreadLocalRandom;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/// The word of a window slot. There is only one window, so that hits, last releases and recycling always meet.
public final class LeaseSharedPageStress {

    private static final WiredPages PAGES = WiredPages.throughOneWindow();
    private static final LeasePool POOL = PAGES.pool();
    private static final long FIRST = PAGES.page(1);
    private static final long SECOND = PAGES.page(2);

    private LeaseSharedPageStress() {}

    /// {@return true if the page was mapped as long as it was leased, or no window was free}
    private static boolean use(long page, int stamp) {
        long lease = POOL.tryAcquireHandle(page, LeaseFlag.NOWAIT);
        if (lease == LeasePool.NO_LEASE) {
            return true;
        }
        long address = POOL.address(lease);
        boolean before = OffHeap.getLong(address) == stamp;
        for (int i = ThreadLocalRandom.current().nextInt(16); i > 0; i--) {
            Thread.onSpinWait();
        }
        boolean after = OffHeap.getLong(address) == stamp;
        POOL.free(lease);
        return before && after;
    }

    private static boolean isQuiet() {
        LeasePoolStats stats = POOL.stats();
        return stats.used() == 0 && stats.leases() == 0;
    }

    /// Two threads acquire and close leases on one page.
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Both threads saw their page.")
    @Outcome(expect = FORBIDDEN, desc = "A lease on the wrong page, or a count that is wrong at the end.")
    @State
    public static class SamePage {

        /// Acquires and closes.
        @Actor
        public void first(ZZZ_Result r) {
            r.r1 = use(FIRST, 1);
        }

        /// Acquires and closes too.
        @Actor
        public void second(ZZZ_Result r) {
            r.r2 = use(FIRST, 1);
        }

        /// Checks the counts.
        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = isQuiet();
        }
    }

    /// A thread hits a page whose window another thread recycles.
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "Both threads saw their pages.")
    @Outcome(expect = FORBIDDEN, desc = "A lease on the wrong page, or a count that is wrong at the end.")
    @State
    public static class RecycledPage {

        /// Acquires the page repeatedly.
        @Actor
        public void first(ZZZ_Result r) {
            boolean right = true;
            for (int i = 0; i < 3; i++) {
                right &= use(FIRST, 1);
            }
            r.r1 = right;
        }

        /// Recycles the window in between.
        @Actor
        public void second(ZZZ_Result r) {
            r.r2 = use(SECOND, 2);
        }

        /// Checks the counts.
        @Arbiter
        public void end(ZZZ_Result r) {
            r.r3 = isQuiet();
        }
    }
}
