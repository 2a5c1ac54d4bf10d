package io.leasehold.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.JavaFaults;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.function.Consumer;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.jspecify.annotations.Nullable;

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
            RetainableByteBuffer acquired = acquire(pool, mode, frames);
            if (acquired != null) {
                acquired.release();
            }
            assertThat(pool.stats().liveBlocks())
                    .as("blocks in use after an acquisition with %d frames on the stack", frames)
                    .isZero();
            release(pool.acquire(BYTES, true), mode, frames);
        }
        pool.close();
        arena.close();
    }

    private static @Nullable RetainableByteBuffer acquire(LeasedBufferPool pool, JavaFaults.Mode mode, int frames) {
        JavaFaults.arm(mode, frames + 1);
        try {
            return pool.acquire(BYTES, true);
        } catch (StackOverflowError e) {
            return null;
        } finally {
            JavaFaults.disarm();
        }
    }

    private static void release(RetainableByteBuffer buffer, JavaFaults.Mode mode, int frames) {
        boolean isReleased = false;
        JavaFaults.arm(mode, frames + 1);
        try {
            isReleased = buffer.release();
        } catch (StackOverflowError e) {
            // released again below
        } finally {
            JavaFaults.disarm();
        }
        assertThat(isReleased || frames < FRAMES_OF_A_RELEASE)
                .as("released with %d frames on the stack", frames)
                .isTrue();
        if (!isReleased) {
            buffer.release();
        }
    }
}
