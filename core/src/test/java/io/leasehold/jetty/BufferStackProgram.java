package io.leasehold.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.JavaFaults;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.jetty.io.RetainableByteBuffer;

/// Acquires and releases buffers, each on a stack with space for one frame more.
///
/// **Threads.** Confined to one thread.
final class BufferStackProgram implements Consumer<JavaFaults.Mode> {

    private static final int BYTES = 1 << 20; // without a place in the cache of a thread
    private static final int MAX_FRAMES = 200; // more than a release and an acquisition use

    /// A release that itself does not fit on the stack throws, and changes nothing.
    private static final int FRAMES_OF_A_RELEASE = 1;

    @Override
    public void accept(JavaFaults.Mode mode) {
        PageArena arena = PageArena.open(PageArenaOptions.builder()
                .name("deep")
                .byteSize(16 * BYTES)
                .budget(MemoryBudget.of("test", 32 * BYTES))
                .build());
        LeasedBufferPool pool = LeasedBufferPool.open(arena);
        pool.acquire(BYTES, true).release();
        for (int frames = 0; frames < MAX_FRAMES; frames++) {
            acquire(pool, mode, frames);
            assertThat(pool.stats().liveBlocks())
                    .as("blocks in use after an acquisition with %d frames on the stack", frames)
                    .isZero();
            release(pool.acquire(BYTES, true), mode, frames);
        }
        pool.close();
        arena.close();
    }

    private static void acquire(LeasedBufferPool pool, JavaFaults.Mode mode, int frames) {
        List<RetainableByteBuffer> acquired = new ArrayList<>(1);
        boolean isDone = JavaFaults.fits(mode, frames, () -> acquired.add(pool.acquire(BYTES, true)));
        assertThat(acquired).hasSize(isDone ? 1 : 0);
        acquired.forEach(RetainableByteBuffer::release);
    }

    private static void release(RetainableByteBuffer buffer, JavaFaults.Mode mode, int frames) {
        boolean[] wasLast = new boolean[1];
        boolean isReleased = JavaFaults.fits(mode, frames, () -> wasLast[0] = buffer.release()) && wasLast[0];
        assertThat(isReleased || frames < FRAMES_OF_A_RELEASE)
                .as("released with %d frames on the stack", frames)
                .isTrue();
        if (!isReleased) {
            buffer.release();
        }
    }
}
