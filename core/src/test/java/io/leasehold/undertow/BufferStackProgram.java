package io.leasehold.undertow;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.JavaFaults;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.undertow.connector.PooledByteBuffer;
import java.util.function.Consumer;

/// Closes buffers, each on a stack with space for one frame more.
///
/// **Threads.** Confined to one thread.
final class BufferStackProgram implements Consumer<JavaFaults.Mode> {

    private static final int BYTES = 1 << 20; // without a place in the cache of a thread
    private static final int MAX_FRAMES = 120; // more than a close uses

    /// A close that itself does not fit on the stack throws, and changes nothing.
    private static final int FRAMES_OF_A_CLOSE = 1;

    @Override
    public void accept(JavaFaults.Mode mode) {
        PageArena arena = PageArena.open(PageArenaOptions.builder()
                .name("deep")
                .byteSize(16 * BYTES)
                .budget(MemoryBudget.of("test", 32 * BYTES))
                .build());
        LeasedBufferPool pool = LeasedBufferPool.open(arena, BYTES);
        pool.allocate().close();
        for (int frames = 0; frames < MAX_FRAMES; frames++) {
            PooledByteBuffer buffer = pool.allocate();
            boolean isClosed = JavaFaults.fits(mode, frames, buffer::close);
            assertThat(isClosed || frames < FRAMES_OF_A_CLOSE)
                    .as("closed with %d frames on the stack", frames)
                    .isTrue();
            if (!isClosed) {
                buffer.close();
            }
            assertThat(buffer.isOpen()).isFalse();
        }
        assertThat(pool.stats().liveBlocks()).isZero();
        pool.close();
        arena.close();
    }
}
