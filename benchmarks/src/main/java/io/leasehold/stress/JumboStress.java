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

/// Pages of a pool: concurrent operations of two threads on one page have exactly one outcome, and the next holder sees
/// what the last one wrote before the free.
public final class JumboStress {

    private static final PageArena ARENA = PageArena.open(PageArenaOptions.builder()
            .name("stress")
            .byteSize(2L << 30)
            .budget(MemoryBudget.of("stress", 3L << 30))
            .build());

    private JumboStress() {}

    private static JumboPool<Long> ring() {
        JumboOptions options = JumboOptions.builder()
                .name("stress")
                .bufferSize(BufferSize.KIB_4)
                .slabByteSize(256 << 10)
                .build();
        return JumboPool.open(ARENA, options, (ring, page, address, byteSize) -> address);
    }

    /// {@return 1 if the page was freed, -1 if the free was rejected}
    private static int free(JumboPool<?> ring, long handle) {
        try {
            ring.free(handle);
            return 1;
        } catch (JumboStateException e) {
            return -1;
        }
    }

    /// A free by another thread while the owner thread allocates: the page is allocated once, with its content.
    ///
    /// The store to the cell of the `RemoteFreeQueue` (release) is paired with the owner's load of it (acquire).
    @JCStressTest
    @Outcome(id = "1, 42", expect = ACCEPTABLE, desc = "The page was returned in time, with its content.")
    @Outcome(id = "1, -1", expect = ACCEPTABLE, desc = "The owner looked before the page was returned.")
    @Outcome(expect = FORBIDDEN, desc = "A write or the page was lost.")
    @State
    public static class RemoteFree {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private final long address = RING.address(handle);

        /// Frees the page in another thread.
        @Actor
        public void free(II_Result r) {
            OffHeap.putLong(address, 42);
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Allocates a page, possibly the same one.
        @Actor
        public void take(II_Result r) {
            long taken = RING.allocate();
            r.r2 = taken >= 0 && RING.address(taken) == address ? (int) OffHeap.getLong(address) : -1;
            RING.free(taken);
        }
    }

    /// Two frees of one page: one succeeds, and two later pages are different.
    @JCStressTest
    @Outcome(
            id = {"1, -1, true", "-1, 1, true"},
            expect = ACCEPTABLE,
            desc = "One free succeeded, the other was rejected.")
    @Outcome(expect = FORBIDDEN, desc = "Freed twice, never freed, or a page with two holders.")
    @State
    public static class DoubleFree {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();

        /// The first free.
        @Actor
        public void first(IIZ_Result r) {
            r.r1 = free(RING, handle);
        }

        /// The second free.
        @Actor
        public void second(IIZ_Result r) {
            r.r2 = free(RING, handle);
        }

        /// Checks that the page is allocated only once.
        @Arbiter
        public void allocateTwo(IIZ_Result r) {
            long one = RING.allocate();
            long two = RING.allocate();
            r.r3 = RING.address(one) != RING.address(two);
            RING.free(one);
            RING.free(two);
        }
    }

    /// A free against a steal: one succeeds, and the stolen page has no other holder.
    @JCStressTest
    @Outcome(
            id = {"1, -1, true", "-1, 1, true"},
            expect = ACCEPTABLE,
            desc = "One succeeded, the other was rejected.")
    @Outcome(expect = FORBIDDEN, desc = "Both succeeded, or neither, or the stolen page was allocated.")
    @State
    public static class FreeAgainstSteal {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private final long address = RING.address(handle);
        private long stolen = JumboPool.NONE;

        /// Frees the page.
        @Actor
        public void free(IIZ_Result r) {
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Steals the page.
        @Actor
        public void steal(IIZ_Result r) {
            try {
                stolen = RING.exchange().steal(handle);
                r.r2 = 1;
            } catch (JumboStateException e) {
                r.r2 = -1;
            }
        }

        /// Checks that the stolen page is not allocated, and returns it.
        @Arbiter
        public void allocate(IIZ_Result r) {
            long other = RING.allocate();
            r.r3 = stolen < 0 || RING.address(other) != address;
            RING.free(other);
            if (stolen >= 0) {
                RING.exchange().adopt(stolen);
            }
        }
    }

    /// A free against a trim: the page is freed once, whether its slab is removed or stays.
    @JCStressTest
    @Outcome(id = "1, -1", expect = ACCEPTABLE, desc = "Freed once; a second free is rejected.")
    @Outcome(expect = FORBIDDEN, desc = "The free was rejected, or a second free was accepted.")
    @State
    public static class FreeAgainstTrim {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();

        /// Frees the page.
        @Actor
        public void free(II_Result r) {
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Removes the slabs without pages in use.
        @Actor
        public void trim() {
            RING.trim();
        }

        /// Frees the page again.
        @Arbiter
        public void freeAgain(II_Result r) {
            r.r2 = JumboStress.free(RING, handle);
        }
    }

    /// A free against allocating more pages than are free: the pool grows, or allocates the freed page, but never
    /// allocates a page twice.
    ///
    /// A slab has 64 pages, and each turn allocates three. So about every twentieth turn grows the pool, and returns
    /// unused memory.
    @JCStressTest
    @Outcome(id = "1, 1, true", expect = ACCEPTABLE, desc = "Freed once, and all pages are different.")
    @Outcome(expect = FORBIDDEN, desc = "The free was rejected, no page was found, or a page has two holders.")
    @State
    public static class FreeAgainstGrow {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private long one;
        private long two;

        /// Frees the page.
        @Actor
        public void free(IIZ_Result r) {
            r.r1 = JumboStress.free(RING, handle);
        }

        /// Allocates two pages, for which there may be no slab yet.
        @Actor
        public void take(IIZ_Result r) {
            one = RING.allocate();
            two = RING.allocate();
            r.r2 = one >= 0 && two >= 0 ? 1 : -1;
        }

        /// Checks that they are different, and removes slabs.
        @Arbiter
        public void compare(IIZ_Result r) {
            r.r3 = one != handle && two != handle && RING.address(one) != RING.address(two);
            RING.free(one);
            RING.free(two);
            RING.trim();
        }
    }

    /// A steal against a trim: the stolen page stays where it is, with its content.
    @JCStressTest
    @Outcome(id = "42, 1", expect = ACCEPTABLE, desc = "The page stayed.")
    @Outcome(expect = FORBIDDEN, desc = "The slab was removed although the page had an owner.")
    @State
    public static class StealAgainstTrim {

        private static final JumboPool<Long> RING = ring();

        private final long handle = RING.allocate();
        private final long address = RING.address(handle);
        private long stolen = JumboPool.NONE;

        /// Steals the page.
        @Actor
        public void steal() {
            OffHeap.putLong(address, 42);
            stolen = RING.exchange().steal(handle);
        }

        /// Removes the slabs without pages in use.
        @Actor
        public void trim() {
            RING.trim();
        }

        /// Checks that the page is still there.
        @Arbiter
        public void look(II_Result r) {
            r.r1 = (int) OffHeap.getLong(address);
            r.r2 = RING.pageOf(address) >= 0 && RING.address(stolen) == address ? 1 : -1;
            RING.exchange().adopt(stolen);
        }
    }
}
