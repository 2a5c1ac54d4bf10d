package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/// A block is not lost if its object cannot be made because the stack is too short.
class SlabShortStackTest {

    private static final int BYTES = 5_000;
    private static final int DEPTHS = 2_000;
    private static final long STACK_BYTES = 512 << 10;

    private int depths; // of this run; confined to the thread that allocates

    @Test
    void blockWhoseObjectCannotBeMadeIsFreeAgain() throws Exception {
        try (PageArena arena = PageArena.open(PageArenaOptions.builder()
                        .name("short")
                        .byteSize(16 << 20)
                        .build());
                SlabHeap<SlabBlock> heap = SlabHeap.open(
                        arena,
                        SlabHeapOptions.defaults().withName("short").withThreadCacheByteSize(0),
                        (of, handle, array, address, byteSize) -> {
                            if (depths > 0) {
                                overflow(1);
                            }
                            return new SlabBlock(of, handle, array, address, byteSize);
                        })) {
            SlabBlock first = requireBlock(heap); // its slab has further blocks, without objects
            FutureTask<?> task = new FutureTask<>(() -> allocateAtEachDepth(heap), null);
            new Thread(null, task, "short", STACK_BYTES).start();
            task.get();
            depths = 0;
            assertThat(heap.stats().liveBlocks()).isEqualTo(1);
            first.release();
        }
    }

    /// Allocates at the deepest call of this method that succeeds, and at the calls around it.
    @SuppressWarnings("InfiniteRecursion") // until the stack overflows
    private void allocateAtEachDepth(SlabHeap<SlabBlock> heap) {
        try {
            allocateAtEachDepth(heap);
        } catch (StackOverflowError e) {
            // the calls around it have a little more space each
        }
        if (depths++ < DEPTHS) {
            try {
                SlabBlock _ = heap.tryAllocate(BYTES); // throws
            } catch (StackOverflowError e) {
                // the object of the block, or the check before
            }
        }
    }

    @SuppressWarnings("InfiniteRecursion") // as above
    private static long overflow(long depth) {
        return depth + overflow(depth + 1);
    }

    private static SlabBlock requireBlock(SlabHeap<SlabBlock> heap) {
        return Objects.requireNonNull(heap.tryAllocate(BYTES));
    }
}
