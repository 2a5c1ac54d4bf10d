package io.leasehold.undertow;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.JavaFaults;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import java.util.function.Consumer;

/// Closes buffers, each on a stack with space for one frame more, and again if the first close found too little space.
///
/// **Threads.** Confined to one thread.
final class BufferStackProgram implements Consumer<JavaFaults.Mode> {

    private static final int BYTES = 1 << 20; // without a place in the cache of a thread
    private static final int MAX_FRAMES = 120; // more than a close uses

    @Override
    public void accept(JavaFaults.Mode mode) {
        PageArena arena = PageArena.open(PageArenaOptions.builder()
                .name("deep")
                .byteSize(16 * BYTES)
                .budget(MemoryBudget.of("test", 32 * BYTES))
                .build());
        Blocks blocks = Blocks.open(arena, BlocksOptions.defaults());
        blocks.allocate(BYTES).close();
        for (int frames = 0; frames < MAX_FRAMES; frames++) {
            LeasedBuffer buffer = new LeasedBuffer(blocks.allocate(BYTES), BYTES);
            boolean isClosed = false;
            JavaFaults.arm(mode, frames + 1);
            try {
                buffer.close();
                isClosed = true;
            } catch (StackOverflowError e) {
                // closed again below
            } finally {
                JavaFaults.disarm();
            }
            if (!isClosed) {
                buffer.close();
            }
        }
        assertThat(blocks.stats().liveBlocks()).isZero();
        blocks.close();
        arena.close();
    }
}
