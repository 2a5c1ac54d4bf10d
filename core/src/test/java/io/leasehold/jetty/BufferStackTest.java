package io.leasehold.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import org.junit.jupiter.api.Test;

/// A last release that finds too little stack after Jetty's count frees its block later. An acquisition that overflows
/// the stack leaves no buffer in use.
class BufferStackTest {

    private static final int OVERFLOWS = 200;

    private int overflows;

    @Test
    void noBufferIsLostOnAStackThatIsNearlyFull() {
        new FaultingClassLoader("jetty", "slab.block", "slab", "page", "lease", "memory")
                .program(BufferStackProgram.class)
                .accept(JavaFaults.Mode.STACK);
    }

    /// The stack is filled for real: frames of the JDK and of Jetty overflow it too.
    @Test
    void noBufferIsLostOnAFullStack() throws InterruptedException {
        PageArena arena =
                PageArena.open(PageArenaOptions.builder().byteSize(64L << 20).build());
        LeasedBufferPool pool = LeasedBufferPool.open(arena);
        Thread thread = new Thread(null, () -> overflow(pool), "filled stack", 256 << 10);
        thread.start();
        thread.join();

        assertThat(overflows).as("overflows").isGreaterThanOrEqualTo(OVERFLOWS);
        assertThat(pool.stats().liveBlocks()).as("buffers in use").isZero();
        pool.close();
        arena.close();
    }

    private void overflow(LeasedBufferPool pool) {
        pool.acquire(4096, true).release();
        for (int i = 0; i < OVERFLOWS; i++) {
            try {
                descend(pool, i, i);
            } catch (StackOverflowError e) {
                overflows++;
            }
        }
    }

    /// Each shift makes the stack end at another place.
    @SuppressWarnings("InfiniteRecursion") // ends when the stack is full
    private void descend(LeasedBufferPool pool, int shift, int i) {
        if (shift > 0) {
            descend(pool, shift - 1, i);
        } else {
            pool.acquire(4096, true).release();
            descend(pool, shift, i);
        }
    }
}
