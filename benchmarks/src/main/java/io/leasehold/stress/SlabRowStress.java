package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.netty.LeasedByteBufAllocator;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// The slab array of a size class, in which a block's object is found without a lock while another thread adds and
/// removes slabs.
///
/// A block of 32 KiB has its own slab, which is allocated for it and freed after it because no thread has a magazine.
/// So the array grows, and its elements change owners, while another thread reads it.
@JCStressTest
@Outcome(id = "4, 4", expect = ACCEPTABLE, desc = "Each thread found its own objects with its own memory.")
@Outcome(expect = FORBIDDEN, desc = "A block had the object or the memory of another block.")
@State
public class SlabRowStress {

    private static final int COUNT = 4;
    private static final int BYTES = 32 << 10;
    private static final LeasedByteBufAllocator ALLOCATOR = LeasedByteBufAllocator.builder()
            .name("rows")
            .threadCacheByteSize(0)
            .budget(MemoryBudget.of("rows", 256 << 20))
            .build();

    /// The first thread.
    @Actor
    public void first(II_Result r) {
        r.r1 = DepotStress.allocateAndCheck(ALLOCATOR, COUNT, BYTES, 1);
    }

    /// The second thread.
    @Actor
    public void second(II_Result r) {
        r.r2 = DepotStress.allocateAndCheck(ALLOCATOR, COUNT, BYTES, 2);
    }
}
