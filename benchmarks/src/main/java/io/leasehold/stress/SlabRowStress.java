package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// The rows of a size, which find a block's object without a lock while another thread adds slabs and takes them out.
///
/// A block of 32 KiB is a slab of its own, made for it and given back after it where no thread has a cache; so the
/// table of rows grows, and its places change owners, under the eyes of who looks into it.
@JCStressTest
@Outcome(id = "4, 4", expect = ACCEPTABLE, desc = "Each found its own objects over memory of its own.")
@Outcome(expect = FORBIDDEN, desc = "A block with the object or the memory of another.")
@State
public class SlabRowStress {

    private static final int COUNT = 4;
    private static final int BYTES = 32 << 10;
    private static final LeasedByteBufAllocator ALLOCATOR = LeasedByteBufAllocator.builder()
            .name("rows")
            .threadCacheByteSize(0)
            .budget(MemoryBudget.of("rows", 256 << 20))
            .build();

    /// One.
    @Actor
    public void first(II_Result r) {
        r.r1 = lendAndCheck(1);
    }

    /// The other.
    @Actor
    public void second(II_Result r) {
        r.r2 = lendAndCheck(2);
    }

    /// {@return how many buffers were the caller's alone from when it wrote them until it released them}
    private static int lendAndCheck(long mark) {
        ByteBuf[] buffers = new ByteBuf[COUNT];
        for (int i = 0; i < COUNT; i++) {
            buffers[i] = ALLOCATOR.directBuffer(BYTES).setLong(0, mark << 32 | i);
        }
        int own = 0;
        for (int i = 0; i < COUNT; i++) {
            if (buffers[i].getLong(0) == (mark << 32 | i) && buffers[i].refCnt() == 1 && buffers[i].release()) {
                own++;
            }
        }
        return own;
    }
}
