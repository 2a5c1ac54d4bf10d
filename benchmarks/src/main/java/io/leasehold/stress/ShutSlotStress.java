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

/// The handshake between a thread that opens its closed slot of a [JumboPool] and a thread that needs all free pages in
/// the pool, with the accesses of both: no free page is missed.
public final class ShutSlotStress {

    private ShutSlotStress() {}

    /// The first free of a thread against a thread that waits for a page. The clock of the arena makes the same
    /// accesses when it goes to rest, with `resting` in place of `pressed`.
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The page stays in the slot; the waiting thread drains it.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The page goes to the pool; no slot was open.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The page goes to the pool; the slot is drained as well.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "The page stays in a slot that is not drained.")
    @State
    public static class OpenAgainstWait {

        private final AtomicInteger openSlots = new AtomicInteger();
        private volatile boolean pressed;

        /// Opens its slot, then checks whether it may keep a page.
        @Actor
        public void owner(II_Result r) {
            openSlots.incrementAndGet();
            r.r1 = pressed ? 1 : 0;
        }

        /// Requests all pages for the pool, then checks whether a slot is open.
        @Actor
        public void waiter(II_Result r) {
            pressed = true;
            r.r2 = openSlots.get();
        }
    }

    /// A drain that moves the last page, against a thread that checks whether there is something to drain, and if not
    /// searches the pool.
    @JCStressTest
    @Outcome(
            id = {"1, 0", "1, 1"},
            expect = ACCEPTABLE,
            desc = "The slot is still counted: the thread waits for the drain.")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The slot is no longer counted: its page is in the pool.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "The page was missed while it was moved.")
    @State
    public static class DrainAgainstLook {

        private final AtomicInteger openSlots = new AtomicInteger(1);
        private int pool;

        /// Moves the page, then removes the slot from the count.
        @Actor
        public void drain() {
            pool = 1;
            openSlots.addAndGet(-1);
        }

        /// Checks whether a slot is open, then searches the pool.
        @Actor
        public void look(II_Result r) {
            r.r1 = openSlots.get();
            r.r2 = pool;
        }
    }

    /// A drain that moves a page, against statistics, which read the slot, the count of pages in transit, and the pool,
    /// in that order. A page may be counted twice, but must not be missed.
    @JCStressTest
    @Outcome(id = "0, 0, 0", expect = FORBIDDEN, desc = "The page was missed and would be counted as leased.")
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

        /// Counts the page.
        @Actor
        public void statistics(III_Result r) {
            r.r1 = (int) CELL.getOpaque(slot, 0);
            VarHandle.loadLoadFence();
            r.r2 = transit;
            r.r3 = pool;
        }
    }
}
