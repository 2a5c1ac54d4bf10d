package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.jumbo.JumboStateException;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIZ_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/// Pages of a ring: what two threads do with one at once has one outcome, and what one wrote before it let go the next
/// holder sees.
public final class JumboStress {

    private static final PageArena ARENA = PageArena.open(PageArenaOptions.defaults()
            .withName("stress")
            .withByteSize(2L << 30)
            .withBudget(MemoryBudget.of("stress", 3L << 30)));

    private JumboStress() {}

    private static JumboPool<Long> ring() {
        JumboOptions options = JumboOptions.defaults()
                .withName("stress")
                .withBufferSize(BufferSize.KIB_4)
                .withSlabByteSize(256 << 10);
        return JumboPool.open(ARENA, options, (ring, page, address, byteSize) -> address);
    }

    /// {@return 1 if the page was freed, -1 if it was refused}
    private static int free(JumboPool<?> ring, long handle) {
        try {
            ring.release(handle);
            return 1;
        } catch (JumboStateException e) {
            return -1;
        }
    }

    /// A free by another thread while its lender takes pages: the page is lent once, with what was written.
    ///
    /// The cell of the remote ring (release) is paired with the lender's read of it (acquire).
    @JCStressTest
    @Outcome(id = "1, 42", expect = ACCEPTABLE, desc = "The page came home in time and brought what was written.")
    @Outcome(id = "1, -1", expect = ACCEPTABLE, desc = "The lender looked before the page was home.")
    @Outcome(expect = FORBIDDEN, desc = "A write was lost, or the page was.")
    @State
    public static class RemoteFree {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private final long address = RING.address(handle);

        /// Another thread frees it.
        @Actor
        public void free(II_Result r) {
            OffHeap.putLong(address, 42);
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Somebody takes a page, perhaps that one.
        @Actor
        public void take(II_Result r) {
            long taken = RING.allocate();
            r.r2 = taken >= 0 && RING.address(taken) == address ? (int) OffHeap.getLong(address) : -1;
            RING.release(taken);
        }
    }

    /// Two frees of one page: one wins, and two later pages are two.
    @JCStressTest
    @Outcome(
            id = {"1, -1, true", "-1, 1, true"},
            expect = ACCEPTABLE,
            desc = "One freed it, the other was refused.")
    @Outcome(expect = FORBIDDEN, desc = "Freed twice, not at all, or a page with two holders.")
    @State
    public static class DoubleFree {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();

        /// One.
        @Actor
        public void first(IIZ_Result r) {
            r.r1 = free(RING, handle);
        }

        /// The other.
        @Actor
        public void second(IIZ_Result r) {
            r.r2 = free(RING, handle);
        }

        /// Looks whether the page is lent once.
        @Arbiter
        public void lendTwo(IIZ_Result r) {
            long one = RING.allocate();
            long two = RING.allocate();
            r.r3 = RING.address(one) != RING.address(two);
            RING.release(one);
            RING.release(two);
        }
    }

    /// A free against a theft: one wins, and the thief's page is nobody else's.
    @JCStressTest
    @Outcome(
            id = {"1, -1, true", "-1, 1, true"},
            expect = ACCEPTABLE,
            desc = "One had it, the other was refused.")
    @Outcome(expect = FORBIDDEN, desc = "Both had it, or nobody, or the stolen page was lent.")
    @State
    public static class FreeAgainstSteal {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private final long address = RING.address(handle);
        private long stolen = JumboPool.NONE;

        /// Frees it.
        @Actor
        public void free(IIZ_Result r) {
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Steals it.
        @Actor
        public void steal(IIZ_Result r) {
            try {
                stolen = RING.exchange().steal(handle);
                r.r2 = 1;
            } catch (JumboStateException e) {
                r.r2 = -1;
            }
        }

        /// Looks whether the page is lent though it was stolen, and gives it back.
        @Arbiter
        public void lend(IIZ_Result r) {
            long other = RING.allocate();
            r.r3 = stolen < 0 || RING.address(other) != address;
            RING.release(other);
            if (stolen >= 0) {
                RING.exchange().adopt(stolen);
            }
        }
    }

    /// A free against giving slabs back: the page is freed once, whether its slab goes or stays.
    @JCStressTest
    @Outcome(id = "1, -1", expect = ACCEPTABLE, desc = "Freed once, and whoever frees again is refused.")
    @Outcome(expect = FORBIDDEN, desc = "The free was refused, or one too many was not.")
    @State
    public static class FreeAgainstRetire {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();

        /// Frees it.
        @Actor
        public void free(II_Result r) {
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Gives back what no page is out of.
        @Actor
        public void retire() {
            RING.trim();
        }

        /// Frees it again.
        @Arbiter
        public void freeAgain(II_Result r) {
            r.r2 = JumboStress.free(RING, handle);
        }
    }

    /// A free against taking more pages than are at home: the ring grows, or lends the page that was freed, and in no
    /// case a page twice.
    ///
    /// Slabs of 64 pages, and each turn takes three: about every twentieth one grows, and gives back what nobody needs.
    @JCStressTest
    @Outcome(id = "1, 1, true", expect = ACCEPTABLE, desc = "Freed once, and all pages are apart.")
    @Outcome(expect = FORBIDDEN, desc = "The free was refused, there was no page, or a page has two holders.")
    @State
    public static class FreeAgainstGrow {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private long one;
        private long two;

        /// Frees it.
        @Actor
        public void free(IIZ_Result r) {
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Takes two, for which there may be no slab yet.
        @Actor
        public void take(IIZ_Result r) {
            one = RING.allocate();
            two = RING.allocate();
            r.r2 = one >= 0 && two >= 0 ? 1 : -1;
        }

        /// Looks whether they are two, and lets slabs go.
        @Arbiter
        public void compare(IIZ_Result r) {
            r.r3 = one != handle && two != handle && RING.address(one) != RING.address(two);
            RING.release(one);
            RING.release(two);
            RING.trim();
        }
    }

    /// A theft against giving slabs back: the page that was stolen stays where it is, with what is in it.
    @JCStressTest
    @Outcome(id = "42, 1", expect = ACCEPTABLE, desc = "It stayed.")
    @Outcome(expect = FORBIDDEN, desc = "Its slab went though it had an owner.")
    @State
    public static class StealAgainstRetire {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private final long address = RING.address(handle);
        private long stolen = JumboPool.NONE;

        /// Steals it.
        @Actor
        public void steal() {
            OffHeap.putLong(address, 42);
            stolen = RING.exchange().steal(handle);
        }

        /// Gives back what no page is out of.
        @Actor
        public void retire() {
            RING.trim();
        }

        /// Looks whether it is there.
        @Arbiter
        public void look(II_Result r) {
            r.r1 = (int) OffHeap.getLong(address);
            r.r2 = RING.pageOf(address) >= 0 && RING.address(stolen) == address ? 1 : -1;
            RING.exchange().adopt(stolen);
        }
    }
}
