package io.leasehold.slab.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatIndexOutOfBoundsException;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.Seeds;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.slab.SlabHeap;
import io.leasehold.snippets.BlocksExample;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Tests blocks with addresses.
class BlocksTest {

    private static final long BYTES = 4 << 20;

    private final PageArena arena = PageArena.open(PageArenaOptions.builder()
            .name("blocks")
            .byteSize(BYTES)
            .budget(MemoryBudget.of("test", 2 * BYTES))
            .decay(PageArenaOptions.NO_DECAY) // otherwise the maintenance thread may free what a test trims
            .build());
    private final Blocks blocks = Blocks.open(arena, BlocksOptions.defaults());

    @AfterEach
    void close() {
        blocks.close();
        arena.close();
    }

    @Test
    void exampleWorks() {
        assertThat(BlocksExample.writeAndRead()).isEqualTo(42);
    }

    @Test
    void blockHoldsWhatIsWritten() {
        try (Block block = allocate(300)) {
            assertThat(block.byteSize()).isEqualTo(320);
            assertThat(block.address() % 16).isZero();
            assertThat(block.segment().byteSize()).isEqualTo(320);
            block.segment().set(ValueLayout.JAVA_BYTE, 319, (byte) 7);
            assertThat(block.segment().get(ValueLayout.JAVA_BYTE, 319)).isEqualTo((byte) 7);
            block.putLong(100, 0x0102_0304_0506_0708L);
            assertThat(block.getLong(100)).isEqualTo(0x0102_0304_0506_0708L);
            block.putByte(319, (byte) 9);
            assertThat(block.getByte(319)).isEqualTo((byte) 9);
            assertThatIndexOutOfBoundsException().isThrownBy(() -> block.getLong(313));
            assertThatIndexOutOfBoundsException().isThrownBy(() -> block.putByte(-1, (byte) 0));
            assertThat(blocks.stats().liveBlocks()).isEqualTo(1);
        }
        assertThat(blocks.stats().liveBlocks()).isZero();
    }

    /// Free blocks of many sizes are there, which serve requests of smaller sizes.
    @Test
    void addressIsAMultipleOfThePowerOfTwoInTheSize() {
        SplittableRandom random = Seeds.random("addressIsAMultipleOfThePowerOfTwoInTheSize");
        List<Block> live = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            if (live.size() < 64 && random.nextInt(3) > 0) {
                int byteSize = Math.min((1 + random.nextInt(31)) << random.nextInt(12), 16 << 10);
                Block block = allocate(byteSize);
                live.add(block);
                int alignment = Math.clamp(
                        Integer.lowestOneBit(byteSize), 16, (int) arena.stats().pageByteSize());
                assertThat(block.address() % alignment)
                        .as("address of %d B", byteSize)
                        .isZero();
                assertThat(8 * block.byteSize()).isLessThanOrEqualTo(11 * SlabHeap.blockByteSizeOf(byteSize));
            } else if (!live.isEmpty()) {
                live.remove(random.nextInt(live.size())).close();
            }
        }
        live.forEach(Block::close);
    }

    @Test
    void closedBlockThrows() {
        Block block = allocate(64);
        block.close();
        assertThatIllegalStateException()
                .isThrownBy(block::close)
                .withMessageStartingWith("block is closed: Block(address=0x")
                .withMessageEndingWith("byteSize=64, closed)");
        assertThatIllegalStateException().isThrownBy(block::address);
        assertThatIllegalStateException().isThrownBy(block::segment);
    }

    @Test
    void ofTwoRacingClosesOneThrows() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < 2000; round++) {
                Block block = allocate(64);
                CyclicBarrier start = new CyclicBarrier(2);
                List<Future<Boolean>> closed = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    closed.add(threads.submit(() -> {
                        start.await(300, TimeUnit.SECONDS);
                        try {
                            block.close();
                            return true;
                        } catch (IllegalStateException e) {
                            return false;
                        }
                    }));
                }
                assertThat(closed.get(0).get() ^ closed.get(1).get())
                        .as("exactly one closed")
                        .isTrue();
            }
        }
    }

    @Test
    void exhaustedHeapReturnsNull() {
        List<Block> all = new ArrayList<>();
        for (Block block = blocks.tryAllocate(4096); block != null; block = blocks.tryAllocate(4096)) {
            all.add(block);
        }
        assertThat(all).hasSize((int) (BYTES / 4096));
        assertThatIllegalStateException()
                .isThrownBy(blocks::close)
                .withMessage("heap has blocks in use: heap=blocks, blocks=1024, bytes=4194304: 1024 of 4096 B");
        all.forEach(Block::close);
        assertThat(blocks.trim()).isPositive();
        assertThat(arena.stats().livePages()).isZero();
        allocate(1 << 20).close();
    }

    @Test
    void allocateOfAnExhaustedHeapThrows() {
        List<Block> all = new ArrayList<>();
        for (Block block = blocks.tryAllocate(1 << 20); block != null; block = blocks.tryAllocate(1 << 20)) {
            all.add(block);
        }
        assertThatExceptionOfType(PageExhaustedException.class)
                .isThrownBy(() -> blocks.allocate(1 << 20))
                .withMessageStartingWith("no memory for a block: byteSize=1048576");
        all.forEach(Block::close);
    }

    @Test
    void refusalNamesTheLimitThatRefusedFirst() {
        assertThatExceptionOfType(PageExhaustedException.class)
                .isThrownBy(() -> blocks.allocate((int) BYTES + 1))
                .withMessageStartingWith("no memory for a block: byteSize=4194305, arena=blocks, max=4194304 B, ");
        MemoryBudget parent = MemoryBudget.of("parent", 1 << 20);
        try (PageArena of = PageArena.open(arena.options().toBuilder()
                        .budget(parent.child("child", 2 * BYTES))
                        .build());
                Blocks small = Blocks.open(of, BlocksOptions.defaults())) {
            assertThatExceptionOfType(PageExhaustedException.class)
                    .isThrownBy(() -> small.allocate(2 << 20))
                    .withMessageStartingWith("no memory for a block: byteSize=2097152, budget=parent, max=1048576 B, ");
        }
    }

    @Test
    void rejectsSizesOutOfBounds() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> blocks.tryAllocate(-1))
                .withMessage("no block has this size: byteSize=-1, min=0, max=2147483639");
    }

    private Block allocate(int byteSize) {
        return Objects.requireNonNull(blocks.tryAllocate(byteSize));
    }
}
