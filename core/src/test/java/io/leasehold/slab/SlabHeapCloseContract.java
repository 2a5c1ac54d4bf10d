package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.TestMemory;
import io.leasehold.page.Watchdog;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// How a heap is closed.
interface SlabHeapCloseContract extends SlabHeapFixture {

    @Test
    default void closeFailsWhileBlocksAreInUseAndNamesThem() {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = new AllocatedBlocks();
            for (int size : new int[] {1000, 1000, 16, 100_000, 5000, 7000, 7000}) {
                blocks.add(fixture.allocate(size));
            }
            SlabHeapStats before = fixture.heap().stats();
            assertThatIllegalStateException()
                    .isThrownBy(fixture.heap()::close)
                    .withMessage("heap has blocks in use: heap=heap, blocks=7, bytes=" + before.liveBytes()
                            + ": 1 of 16 B, 2 of 1024 B, 1 of 5120 B, 2 of 7168 B");
            assertThat(fixture.heap().stats().liveBlocks()).isEqualTo(before.liveBlocks());
            assertThat(fixture.heap().stats().heldBytes()).isEqualTo(before.heldBytes());
            fixture.check(blocks);
            blocks.add(fixture.allocate(300)); // the heap stays open
            blocks.releaseAll();
            fixture.check(blocks);
        }
    }

    @Test
    default void closesOnceAllBlocksAreReleased() {
        try (SlabFixture fixture = fixture()) {
            SlabBlock block = fixture.allocate(1000);
            assertThatIllegalStateException().isThrownBy(fixture.heap()::close);
            block.release();
            fixture.heap().close();
            fixture.heap().close();
            assertThat(fixture.heap().closeForcibly()).isZero();
        }
    }

    @Test
    default void blocksInMagazinesOfOthersDoNotKeepItOpen() throws InterruptedException {
        try (SlabFixture fixture = fixture()) {
            Watchdog watchdog = new Watchdog();
            CountDownLatch released = new CountDownLatch(2);
            CountDownLatch done = new CountDownLatch(1);
            Watchdog.Task task = () -> {
                for (int i = 0; i < 100; i++) {
                    fixture.allocate(100 + i).release();
                }
                released.countDown();
                watchdog.await("end", done);
            };
            watchdog.start("platform", task);
            watchdog.startVirtual("virtual", task);
            watchdog.await("released", released);
            fixture.heap().close();
            assertThat(fixture.heap().stats().classes()).isEmpty();
            assertThat(fixture.livePages()).isZero();
            done.countDown();
            watchdog.join();
        }
    }

    @Test
    default void forcedCloseKeepsTheMemoryOfBlocksInUseUntilTheirRelease() {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = new AllocatedBlocks();
            for (int i = 0; i < 300; i++) {
                blocks.add(fixture.allocate(i * 100));
            }
            fixture.allocate(1 << 20).release();
            assertThat(fixture.heap().closeForcibly()).isEqualTo(300);
            assertThat(fixture.heap().closeForcibly()).isZero();
            assertThat(fixture.heap().stats().liveBlocks()).isEqualTo(300);
            fixture.heap().close();
            try (SlabHeap<SlabBlock> next = fixture.openHeap(SlabBlock::new)) {
                AllocatedBlocks others = new AllocatedBlocks();
                for (int i = 0; i < 300; i++) {
                    SlabBlock other = Objects.requireNonNull(next.tryAllocate(i * 100));
                    others.add(other); // writes to all of it
                }
                blocks.checkAll();
                blocks.releaseAll();
                others.checkAll();
                others.releaseAll();
            }
            assertThat(fixture.livePages()).isZero();
            assertThat(fixture.heap().stats().liveBlocks()).isZero();
        }
    }

    @Test
    default void closedHeapAllocatesNothing() {
        try (SlabFixture fixture = fixture()) {
            fixture.allocate(100).release();
            fixture.heap().close();
            for (int size : new int[] {0, 100, 5000, 100_000, 1 << 20}) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> fixture.heap().tryAllocate(size))
                        .withMessage("heap is closed: heap=heap");
            }
            assertThat(fixture.heap().trim()).isZero();
            assertThat(fixture.heap().stats().heldBytes()).isZero();
            fixture.tick();
            fixture.check();
        }
    }

    @Test
    default void releaseAfterAForcedCloseDoesNoHarm() {
        try (SlabFixture fixture = fixture()) {
            SlabBlock small = fixture.allocate(100);
            SlabBlock large = fixture.allocate(200_000);
            SlabBlock unbound = fixture.allocate(100);
            fixture.heap().closeForcibly();
            try (SlabHeap<SlabBlock> next = fixture.openHeap(SlabBlock::new)) {
                AllocatedBlocks blocks = new AllocatedBlocks();
                for (int i = 0; i < 200; i++) {
                    SlabBlock block = next.tryAllocate(100);
                    assertThat(block).isNotNull();
                    if (block != null) {
                        blocks.add(block);
                    }
                }
                fixture.heap().unbind(unbound.handle);
                fixture.heap().free(unbound.handle, unbound);
                small.release();
                large.release();
                assertThat(small.heap.byteSize(small.handle)).isEqualTo(112);
                blocks.checkAll();
                assertThat(next.stats().liveBlocks()).isEqualTo(200);
                blocks.releaseAll();
            }
            assertThat(fixture.heap().stats().cachedBytes()).isZero();
        }
    }

    @Test
    default void growAfterAForcedCloseFails() {
        SlabFixture fixture = fixture();
        SlabBlock block = fixture.allocate(2 << 20);
        fixture.heap().closeForcibly();
        assertThatThrownBy(() -> block.grow(3 << 20)).isInstanceOf(IllegalStateException.class);
        block.release();
        fixture.close();
    }

    /// A thread that is adding a slab while the heap is closed leaves no page allocated.
    @Test
    default void closingRacesWithAllocations() throws InterruptedException {
        for (int round = 0; round < 30; round++) {
            try (SlabFixture fixture = fixture(8 * SlabFixture.MIB)) {
                Watchdog watchdog = new Watchdog();
                AtomicInteger turns = new AtomicInteger();
                for (int t = 0; t < 3; t++) {
                    int size = 1 << (4 + 6 * t);
                    watchdog.start("worker " + t, () -> {
                        try {
                            while (true) {
                                SlabBlock block = fixture.heap().tryAllocate(size);
                                turns.incrementAndGet();
                                if (block != null) {
                                    block.release();
                                }
                                if (turns.get() % 8 == 0) {
                                    fixture.heap().trim();
                                }
                            }
                        } catch (IllegalStateException e) {
                            assertThat(e).hasMessage("heap is closed: heap=heap");
                        }
                    });
                }
                watchdog.await("they allocate", () -> turns.get() > 50);
                if (round % 2 == 0) {
                    fixture.heap().closeForcibly();
                } else {
                    closePatiently(fixture.heap());
                }
                watchdog.join();
                assertThat(fixture.livePages())
                        .as("pages left, round %d", round)
                        .isZero();
            }
        }
    }

    /// A thread that loses its processor in its slot may have a block that its magazine still counts as free.
    @Test
    default void closeFailsWhileAThreadIsInItsSlot() throws InterruptedException {
        try (SlabFixture fixture = fixture(8 * SlabFixture.MIB)) {
            SlabHeap<SlabBlock> heap = fixture.heap();
            SlabBlock block = Objects.requireNonNull(heap.tryAllocate(100));
            int[] cells = Objects.requireNonNull(heap.enter());
            boolean isCached = heap.tryCache(cells, block.handle);
            if (!isCached) {
                BiasedSlots.exit(cells);
                block.release();
            }
            TestMemory.require(isCached, "this heap has no thread caches");
            Watchdog watchdog = new Watchdog();
            watchdog.start(
                    "closes",
                    () -> assertThatIllegalStateException()
                            .isThrownBy(heap::close)
                            .withMessage("a thread is inside allocate or release, or the barrier failed: heap=heap;"
                                    + " close again"));
            watchdog.join();
            BiasedSlots.exit(cells);
            Objects.requireNonNull(heap.tryAllocate(100)).release();
            heap.close();
        }
    }

    private static void closePatiently(SlabHeap<?> heap) {
        while (true) {
            try {
                heap.close();
                return;
            } catch (IllegalStateException e) {
                assertThat(e)
                        .message()
                        .containsAnyOf(
                                "heap has blocks in use: heap=heap, blocks=",
                                "a thread is inside allocate or release, or the barrier failed: heap=");
            }
        }
    }
}
