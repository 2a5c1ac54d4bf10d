package io.leasehold.slab.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.JavaFaults;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.function.Consumer;

/// Closes blocks, each on a stack with space for one frame more, and again if the first close found too little space.
///
/// **Threads.** Confined to one thread.
final class BlockStackProgram implements Consumer<JavaFaults.Mode> {

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
            Block block = blocks.allocate(BYTES);
            if (!JavaFaults.fits(mode, frames, block::close)) {
                block.close();
            }
        }
        assertThat(blocks.stats().liveBlocks()).isZero();
        blocks.close();
        arena.close();
    }
}
