package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.jumbo.JumboPool;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/// The hand-over between a thread that opens its shut slot of a [JumboPool] and a thread that wants all free pages in
/// the pool, with the accesses of both: no free page is overlooked.
public final class ShutSlotStress {

    private ShutSlotStress() {}

    /// The first page that a thread frees, against a thread that waits for a page. The arena's clock that goes to rest
    /// makes the same accesses, with `resting` in place of `pressed`.
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The page is kept; the thread that waits drains the slot.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The page goes to the pool; no slot was open.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The page goes to the pool; the slot is drained as well.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "The page is kept in a slot that is not drained.")
    @State
    public static class OpenAgainstWait {

        private final AtomicInteger openSlots = new AtomicInteger();
        private volatile boolean pressed;

        /// Opens its slot, then looks whether it may keep a page.
        @Actor
        public void owner(II_Result r) {
            openSlots.incrementAndGet();
            r.r1 = pressed ? 1 : 0;
        }

        /// Wants all pages in the pool, then looks whether a slot is open.
        @Actor
        public void waiter(II_Result r) {
            pressed = true;
            r.r2 = openSlots.get();
        }
    }

    /// A drain that moves the last page, against a thread that looks whether there is something to drain, and if not
    /// looks into the pool.
    @JCStressTest
    @Outcome(
            id = {"1, 0", "1, 1"},
            expect = ACCEPTABLE,
            desc = "The slot is still counted: the thread waits for the drain.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The slot is counted out: its page is in the pool.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "The page was overlooked on its way.")
    @State
    public static class DrainAgainstLook {

        private final AtomicInteger openSlots = new AtomicInteger(1);
        private int pool;

        /// Moves the page, then counts the slot out.
        @Actor
        public void drain() {
            pool = 1;
            openSlots.addAndGet(-1);
        }

        /// Looks whether a slot is open, then into the pool.
        @Actor
        public void look(II_Result r) {
            r.r1 = openSlots.get();
            r.r2 = pool;
        }
    }

    /// A drain that moves a page, against statistics, which read the slot, the count of pages on their way, and the
    /// pool, in that order: a page may be counted twice, but not left out.
    @JCStressTest
    @Outcome(id = "0, 0, 0", expect = FORBIDDEN, desc = "The page was left out, and would be counted as leased.")
    @Outcome(expect = ACCEPTABLE, desc = "The page was counted.")
    @State
    public static class DrainAgainstStatistics {

        private static final VarHandle CELL =
                MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();

        private final int[] slot = {1};
        private volatile int transit;
        private volatile int pool;

        /// Moves the page.
        @Actor
        public void drain() {
            transit = 1;
            VarHandle.storeStoreFence();
            slot[0] = 0;
            pool = 1;
            transit = 0;
        }

        /// Counts it.
        @Actor
        public void statistics(III_Result r) {
            r.r1 = (int) CELL.getOpaque(slot, 0);
            VarHandle.loadLoadFence();
            r.r2 = transit;
            r.r3 = pool;
        }
    }
}
