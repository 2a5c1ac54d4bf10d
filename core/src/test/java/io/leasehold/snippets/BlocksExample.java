package io.leasehold.snippets;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.block.Block;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;

/// The example in the Javadoc of [Blocks].
public final class BlocksExample {

    private BlocksExample() {}

    /// {@return the value that was written to a block}
    public static long writeAndRead() {
        // @start region="blocks"
        try (PageArena arena = PageArena.open(
                        PageArenaOptions.builder().byteSize(64L << 20).build());
                Blocks blocks = Blocks.open(arena, BlocksOptions.defaults());
                Block block = blocks.tryAllocate(300)) {
            if (block == null) {
                return 0; // the limit is reached
            }
            block.segment().set(JAVA_LONG_UNALIGNED, 0, 42);
            return block.segment().get(JAVA_LONG_UNALIGNED, 0);
        }
        // @end
    }
}
