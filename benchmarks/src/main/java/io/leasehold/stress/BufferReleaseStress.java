package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIZ_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/// The reference count of a buffer: concurrent operations of two threads have exactly one outcome.
public final class BufferReleaseStress {

    private static final LeasedByteBufAllocator ALLOCATOR = LeasedByteBufAllocator.builder()
            .name("stress")
            .budget(MemoryBudget.of("stress", 256 << 20))
            .build();

    private BufferReleaseStress() {}

    /// {@return 1 if the buffer was freed, 0 if references are left, -1 if the release was rejected}
    private static int release(ByteBuf buffer) {
        try {
            return buffer.release() ? 1 : 0;
        } catch (IllegalReferenceCountException e) {
            return -1;
        }
    }

    /// Two releases of one reference: one frees the buffer, the other is rejected, and two later buffers have different
    /// blocks.
    @JCStressTest
    @Outcome(
            id = {"1, -1, true", "-1, 1, true"},
            expect = ACCEPTABLE,
            desc = "One release freed it, the other was rejected.")
    @Outcome(expect = FORBIDDEN, desc = "Freed twice, never freed, or a block with two owners.")
    @State
    public static class DoubleRelease {

        private final ByteBuf buffer = ALLOCATOR.directBuffer(64);

        /// The first release.
        @Actor
        public void first(IIZ_Result r) {
            r.r1 = release(buffer);
        }

        /// The second release.
        @Actor
        public void second(IIZ_Result r) {
            r.r2 = release(buffer);
        }

        /// Checks that the block is allocated only once.
        @Arbiter
        public void allocateTwo(IIZ_Result r) {
            ByteBuf one = ALLOCATOR.directBuffer(64);
            ByteBuf two = ALLOCATOR.directBuffer(64);
            r.r3 = one.memoryAddress() != two.memoryAddress();
            one.release();
            two.release();
        }
    }

    /// Two releases of two references: the last one frees the buffer and sees the write of the other thread before its
    /// release.
    @JCStressTest
    @Outcome(
            id = {"0, 7", "7, 0"},
            expect = ACCEPTABLE,
            desc = "The last one freed it and saw the other's write.")
    @Outcome(expect = FORBIDDEN, desc = "Never freed, freed twice, or a write was lost.")
    @State
    public static class LastRelease {

        private final ByteBuf buffer = ALLOCATOR.directBuffer(64).setLong(0, 0).retain();
        private final Object[] notes = new Object[2];

        /// The first release.
        @Actor
        public void first(II_Result r) {
            r.r1 = noteAndRelease(0);
        }

        /// The second release.
        @Actor
        public void second(II_Result r) {
            r.r2 = noteAndRelease(1);
        }

        private int noteAndRelease(int index) {
            notes[index] = index;
            return release(buffer) == 1 ? 7 * (notes[1 - index] == null ? 0 : 1) : 0;
        }
    }
}
