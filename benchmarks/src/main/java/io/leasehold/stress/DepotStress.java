package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.netty.BufferMemoryError;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Blocks that go through the depot of their size class, which has no lock, and through slabs, whose lock a release
/// never waits for.
///
/// The allocators are small, so that a lost block is noticed soon.
public final class DepotStress {

    private static final int BYTES = 256;
    private static final int LIMIT = 4 << 20;

    private DepotStress() {}

    private static LeasedByteBufAllocator allocator(String name, int threadCacheByteSize) {
        return LeasedByteBufAllocator.builder()
                .name(name)
                .threadCacheByteSize(threadCacheByteSize)
                .byteLimit(LIMIT)
                .budget(MemoryBudget.of(name, 2 * LIMIT))
                .build();
    }

    /// {@return the number of buffers that only the caller used, from its write until its release}
    ///
    /// @param byteSize of a buffer
    /// @param mark of the caller
    static int allocateAndCheck(LeasedByteBufAllocator allocator, int count, int byteSize, long mark) {
        ByteBuf[] buffers = new ByteBuf[count];
        try {
            for (int i = 0; i < count; i++) {
                buffers[i] = allocator.directBuffer(byteSize).setLong(0, mark << 32 | i);
            }
        } catch (BufferMemoryError e) {
            return -1;
        }
        int own = 0;
        for (int i = 0; i < count; i++) {
            if (buffers[i].getLong(0) == (mark << 32 | i) && buffers[i].refCnt() == 1 && buffers[i].release()) {
                own++;
            }
        }
        return own;
    }

    /// No thread has a magazine: each block moves alone.
    @JCStressTest
    @Outcome(id = "4, 4", expect = ACCEPTABLE, desc = "No buffer was shared.")
    @Outcome(expect = FORBIDDEN, desc = "A block was allocated twice, or lost.")
    @State
    public static class Singles {

        private static final LeasedByteBufAllocator ALLOCATOR = allocator("singles", 0);

        /// Allocates and releases.
        @Actor
        public void first(II_Result r) {
            r.r1 = allocateAndCheck(ALLOCATOR, 4, BYTES, 1);
        }

        /// Does the same.
        @Actor
        public void second(II_Result r) {
            r.r2 = allocateAndCheck(ALLOCATOR, 4, BYTES, 2);
        }
    }

    /// Magazines of eight blocks, and more buffers than they hold: half a magazine moves at a time.
    @JCStressTest
    @Outcome(id = "24, 24", expect = ACCEPTABLE, desc = "No buffer was shared.")
    @Outcome(expect = FORBIDDEN, desc = "A block was allocated twice, or lost.")
    @State
    public static class Batches {

        private static final LeasedByteBufAllocator ALLOCATOR = allocator("batches", 4 << 10);

        /// Allocates and releases.
        @Actor
        public void first(II_Result r) {
            r.r1 = allocateAndCheck(ALLOCATOR, 24, BYTES, 1);
        }

        /// Does the same.
        @Actor
        public void second(II_Result r) {
            r.r2 = allocateAndCheck(ALLOCATOR, 24, BYTES, 2);
        }
    }
}
