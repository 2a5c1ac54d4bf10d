package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZJ_Result;
import org.openjdk.jcstress.infra.results.ZZZ_Result;

/// The budget: concurrent requests, releases and closes have exactly one outcome, and no parent loses count.
public final class MemoryBudgetStress {

    private MemoryBudgetStress() {}

    /// Two children request the last bytes of their parent, and exactly one gets them.
    @JCStressTest
    @Outcome(id = "true, false, 60", expect = ACCEPTABLE, desc = "The first child got them.")
    @Outcome(id = "false, true, 60", expect = ACCEPTABLE, desc = "The second child got them.")
    @Outcome(expect = FORBIDDEN, desc = "The limit was exceeded, or a rejected request kept bytes.")
    @State
    public static class LastBytes {

        private final MemoryBudget parent = MemoryBudget.of("parent", 100);
        private final MemoryBudget first = parent.child("first", 100);
        private final MemoryBudget second = parent.child("second", 100);

        /// Requests 60 of 100 bytes.
        @Actor
        public void first(ZZJ_Result r) {
            r.r1 = first.tryReserve(60);
        }

        /// Requests 60 of 100 bytes.
        @Actor
        public void second(ZZJ_Result r) {
            r.r2 = second.tryReserve(60);
        }

        /// Reads the total.
        @Arbiter
        public void end(ZZJ_Result r) {
            r.r3 = parent.usedBytes();
            if (first.usedBytes() + second.usedBytes() != parent.usedBytes()) {
                r.r3 = -1;
            }
        }
    }

    /// One thread closes a child while another thread reserves bytes in it. One of the two gets its way.
    @JCStressTest
    @Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "The child was closed first.")
    @Outcome(id = "false, true, 60", expect = ACCEPTABLE, desc = "The bytes were reserved first.")
    @Outcome(expect = FORBIDDEN, desc = "A closed child has bytes, or its parent lost count.")
    @State
    public static class CloseAgainstReserve {

        private final MemoryBudget parent = MemoryBudget.of("parent", 100);
        private final MemoryBudget child = parent.child("child", 100);

        /// Closes the child.
        @Actor
        public void close(ZZJ_Result r) {
            try {
                child.close();
                r.r1 = true;
            } catch (IllegalStateException e) {
                r.r1 = false;
            }
        }

        /// Requests 60 bytes of the child.
        @Actor
        public void reserve(ZZJ_Result r) {
            try {
                r.r2 = child.tryReserve(60);
            } catch (IllegalStateException e) {
                r.r2 = false;
            }
        }

        /// Reads the total.
        @Arbiter
        public void end(ZZJ_Result r) {
            r.r3 = parent.usedBytes();
        }
    }

    /// One child has all bytes of its parent and releases them, while another child requests them and a third thread
    /// looks. No thread sees more than the limit, and the request is refused or gets the bytes.
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "The release came first.")
    @Outcome(id = "false, true, true", expect = ACCEPTABLE, desc = "The request came first.")
    @Outcome(expect = FORBIDDEN, desc = "The use was negative or above the limit, or less than what a child has.")
    @State
    public static class ReleaseAgainstReserve {

        private final MemoryBudget parent = MemoryBudget.of("parent", 100);
        private final MemoryBudget first = parent.child("first", 100);
        private final MemoryBudget second = parent.child("second", 100);

        /// Reserves all bytes.
        public ReleaseAgainstReserve() {
            if (!first.tryReserve(100)) {
                throw new AssertionError(parent.report());
            }
        }

        /// Releases all bytes.
        @Actor
        public void release() {
            first.release(100);
        }

        /// Requests all bytes.
        @Actor
        public void reserve(ZZZ_Result r) {
            r.r1 = second.tryReserve(100);
            r.r3 = !r.r1 || parent.usedBytes() == 100;
        }

        /// Reads the use of the parent.
        @Actor
        public void look(ZZZ_Result r) {
            long seen = parent.usedBytes();
            r.r2 = seen == 0 || seen == 100;
        }
    }
}
