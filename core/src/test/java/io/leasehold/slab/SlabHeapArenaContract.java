package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.page.PageArena;
import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How a heap uses the pages of its arena: it uses all of them, reclaims pages that other heaps cache, and extends
/// blocks in place.
interface SlabHeapArenaContract extends SlabHeapFixture {

    @ParameterizedTest
    @ValueSource(ints = {1000, 4096, 20_000, 64 << 10, 1 << 20})
    default void exhaustedHeapReturnsNullAndRecovers(int byteSize) {
        try (SlabFixture fixture = fixture(16 * SlabFixture.MIB)) {
            AllocatedBlocks blocks = fixture.exhaust(byteSize);
            assertThat(blocks.byteSize()).as("bytes in use of 16 MiB").isGreaterThan(15 * SlabFixture.MIB);
            assertThat(fixture.heap().tryAllocate(byteSize)).isNull();
            blocks.checkAll();
            fixture.check(blocks);
            int count = blocks.count();
            for (int i = 0; i < 100; i++) {
                blocks.remove(i % blocks.count()).release();
                blocks.add(fixture.allocate(byteSize));
            }
            assertThat(fixture.heap().tryAllocate(byteSize)).isNull();
            blocks.releaseAll();
            blocks.add(fixture.allocate(12 << 20));
            blocks.releaseAll();
            AllocatedBlocks again = fixture.exhaust(byteSize);
            assertThat(again.count()).as("blocks, of %d at first", count).isGreaterThan(count * 98 / 100);
            again.releaseAll();
        }
    }

    /// One large empty slab is retained. A second one of another size is not retained beside it.
    @Test
    default void largeBlockThatIsUsedAgainStays() {
        try (SlabFixture fixture = fixture();
                SlabHeap<SlabBlock> heap = openByDefault(fixture)) {
            allocate(heap, 4 << 20).release();
            assertThat(heap.stats().heldBytes()).isEqualTo(4 << 20);
            allocate(heap, 8 << 20).release();
            assertThat(heap.stats().heldBytes()).isEqualTo(4 << 20);
        }
    }

    /// One retained slab of each size would have 62 times the bytes of the first.
    @Test
    default void emptySlabsOfManyLargeSizesAreNotAllRetained() {
        try (SlabFixture fixture = fixture();
                SlabHeap<SlabBlock> heap = openByDefault(fixture)) {
            int first = 128 * fixture.pageBytes();
            for (int byteSize = first; byteSize <= 4 * first; byteSize += first / 8) {
                allocate(heap, byteSize).release();
            }
            assertThat(heap.stats().heldBytes()).isEqualTo(first);
        }
    }

    @Test
    default void slabsOfOneWaveWaitForTheNextOne() {
        try (SlabFixture fixture = fixture();
                SlabHeap<SlabBlock> heap = openByDefault(fixture)) {
            int byteSize = 16 * fixture.pageBytes();
            List<SlabBlock> wave = new ArrayList<>();
            for (int i = 0; i < (8 << 20) / byteSize; i++) {
                wave.add(allocate(heap, byteSize));
            }
            wave.forEach(SlabBlock::release);
            assertThat(heap.stats().heldBytes()).isEqualTo(8 << 20);
            for (int i = 0; i < 4; i++) {
                fixture.tick();
            }
            assertThat(heap.stats().heldBytes()).as("no further wave").isLessThanOrEqualTo(byteSize);
        }
    }

    private static SlabHeap<SlabBlock> openByDefault(SlabFixture fixture) {
        return SlabHeap.open(fixture.arena(), SlabHeapOptions.defaults(), SlabBlock::new);
    }

    private static SlabBlock allocate(SlabHeap<SlabBlock> heap, int byteSize) {
        return Objects.requireNonNull(heap.tryAllocate(byteSize));
    }

    @Test
    default void requestLargerThanTheArenaReturnsNull() {
        try (SlabFixture fixture = fixture(8 * SlabFixture.MIB)) {
            assertThat(fixture.heap().tryAllocate((8 << 20) + 1)).isNull();
            assertThat(fixture.heap().tryAllocate(SizeClasses.MAX_BYTES)).isNull();
            fixture.allocate(8 << 20).release();
            fixture.check(new AllocatedBlocks());
        }
    }

    @Test
    default void pagesThatOthersHoldAreNotTaken() {
        try (SlabFixture fixture = fixture(8 * SlabFixture.MIB)) {
            long page = fixture.arena().allocateRun((int) (fixture.byteSize() / fixture.pageBytes()));
            assertThat(fixture.heap().tryAllocate(16)).isNull();
            fixture.arena().free(page);
            fixture.allocate(16).release();
        }
    }

    @Test
    default void othersGetThePagesThatTheHeapRetains() {
        try (SlabFixture fixture = fixture(8 * SlabFixture.MIB)) {
            fixture.exhaust(1000).releaseAll();
            assertThat(fixture.livePages()).isPositive();
            long page = fixture.arena().allocateRun((int) (fixture.byteSize() / fixture.pageBytes()));
            assertThat(fixture.heap().stats().heldBytes()).isZero();
            fixture.arena().free(page);
        }
    }

    @Test
    default void heapsOnOneArenaGetEachOthersRetainedPages() {
        try (SlabFixture fixture = fixture(8 * SlabFixture.MIB);
                SlabHeap<SlabBlock> other = fixture.openHeap(SlabBlock::new)) {
            for (int round = 0; round < 3; round++) {
                AllocatedBlocks blocks = fixture.exhaust(1000);
                assertThat(blocks.byteSize()).isGreaterThan(7 * SlabFixture.MIB);
                assertThat(other.tryAllocate(5000)).isNull();
                blocks.releaseAll();
                SlabBlock large = other.tryAllocate(8 << 20);
                assertThat(large).isNotNull();
                if (large != null) {
                    large.release();
                }
            }
        }
    }

    /// A longer block could take the bytes of a later request.
    @ParameterizedTest
    @ValueSource(ints = {48, 1000, 4096, 40_000})
    default void whileMemoryIsScarceARequestTakesABlockOfItsOwnSize(int byteSize) {
        try (SlabFixture fixture = fixture(4 * SlabFixture.MIB)) {
            List<SlabBlock> held = new ArrayList<>();
            for (long bytes = 0; bytes <= fixture.byteSize() / 4; bytes += 64 << 10) {
                held.add(fixture.allocate(64 << 10));
            }
            int wanted = SizeClasses.of(byteSize);
            fixture.allocate(SizeClasses.byteSize(wanted + 1)).release();
            SlabBlock block = fixture.allocate(byteSize);
            assertThat(block.byteSize).isEqualTo(SizeClasses.byteSize(wanted));
            block.release();
            held.forEach(SlabBlock::release);
        }
    }

    /// One thread releases blocks into its own cache and stays alive. Another thread can allocate every byte
    /// nevertheless, in blocks of the size that it asks for because memory is scarce.
    @Test
    default void blocksInCachesOfOtherThreadsAreFoundUnderPressure() throws InterruptedException {
        try (SlabFixture fixture = fixture(4 * SlabFixture.MIB)) {
            int count = (int) (fixture.byteSize() / 4096);
            AllocatedBlocks first = new AllocatedBlocks();
            while (fixture.isPlentiful()) {
                first.add(fixture.allocate(4096));
            }
            Watchdog watchdog = new Watchdog();
            CountDownLatch released = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            watchdog.start("hoarder", () -> {
                List<SlabBlock> blocks = new ArrayList<>();
                for (int size = 16; size <= 60_000; size = size * 3 / 2) {
                    blocks.add(fixture.allocate(size));
                }
                blocks.forEach(SlabBlock::release);
                released.countDown();
                watchdog.await("end", done);
            });
            watchdog.await("released", released);
            assertThat(fixture.heap().stats().heldBytes()).isGreaterThan(first.byteSize());
            AllocatedBlocks rest = fixture.exhaust(4096);
            assertThat(first.count() + rest.count()).isEqualTo(count);
            done.countDown();
            watchdog.join();
            first.releaseAll();
            rest.releaseAll();
        }
    }

    /// The same if the slabs of the cached blocks have other blocks in use, so that no slab becomes empty.
    @ParameterizedTest
    @ValueSource(ints = {100, 1000, 5000, 20_000})
    default void blocksOfOneSizeInOtherCachesAreFoundUnderPressure(int byteSize) throws InterruptedException {
        try (SlabFixture fixture = fixture(4 * SlabFixture.MIB)) {
            AllocatedBlocks blocks = fixture.exhaust(byteSize);
            int count = blocks.count();
            Watchdog watchdog = new Watchdog();
            CountDownLatch released = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            List<SlabBlock> some = new ArrayList<>();
            for (int i = count - 1; i >= 0; i -= 40) {
                some.add(blocks.remove(i));
            }
            watchdog.start("hoarder", () -> {
                some.forEach(SlabBlock::release);
                released.countDown();
                watchdog.await("end", done);
            });
            watchdog.await("released", released);
            for (int i = 0; i < some.size(); i++) {
                SlabBlock block = fixture.heap().tryAllocate(byteSize);
                assertThat(block)
                        .as("block %d of %d that are free", i, some.size())
                        .isNotNull();
                if (block != null) {
                    blocks.add(block);
                }
            }
            assertThat(blocks.count()).isEqualTo(count);
            done.countDown();
            watchdog.join();
            blocks.checkAll();
            blocks.releaseAll();
        }
    }

    /// Free pages that are too scattered for a whole slab are used for single blocks.
    @ParameterizedTest
    @ValueSource(ints = {5000, 20_000})
    default void freeRunsThatAreTooShortForASlabAreUsed(int byteSize) {
        try (SlabFixture fixture = fixture(4 * SlabFixture.MIB)) {
            AllocatedBlocks blocks = fixture.exhaust(byteSize);
            int blockPages = Math.ceilDiv(blocks.get(0).byteSize, fixture.pageBytes());
            blocks.releaseAll();
            fixture.heap().trim();
            // frees every second run of as many pages as a block needs
            List<Long> taken = new ArrayList<>();
            List<Long> free = new ArrayList<>();
            for (int i = 0; ; i++) {
                long run = fixture.arena().tryAllocateRun(blockPages);
                if (run == PageArena.NO_PAGE) {
                    break;
                }
                (i % 2 == 0 ? taken : free).add(run);
            }
            free.forEach(fixture.arena()::free);
            blocks = fixture.exhaust(byteSize);
            assertThat(blocks.count()).isGreaterThanOrEqualTo(free.size() - 1);
            blocks.releaseAll();
            fixture.heap().trim();
            taken.forEach(fixture.arena()::free);
        }
    }

    @Test
    default void blockGrowsInPlace() {
        try (SlabFixture fixture = fixture()) {
            int size = 2 << 20;
            SlabBlock block = fixture.allocate(size);
            AllocatedBlocks blocks = new AllocatedBlocks();
            blocks.add(block);
            for (int next = size * 2; next <= 32 << 20; next *= 2) {
                int written = block.byteSize;
                long before = block.handle;
                assertThat(block.grow(next - 100)).as("to %d", next).isTrue();
                assertThat(block.handle).isNotEqualTo(before);
                assertThat(block.byteSize).isEqualTo(next);
                block.check(written);
                block.write(next);
                assertThat(fixture.statsOf(written))
                        .as("stats of the size it had")
                        .isNull();
                SlabHeapStats.SizeClass stats = fixture.statsOf(next);
                assertThat(stats).isNotNull();
                if (stats != null) {
                    assertThat(stats.liveBlocks()).isEqualTo(1);
                    assertThat(stats.heldBytes()).isEqualTo(next);
                }
                fixture.check();
            }
            block.release();
            SlabBlock again = fixture.allocate(32 << 20);
            assertThat(again).as("the object of the longer block").isSameAs(block);
            again.release();
            fixture.heap().trim();
            assertThat(fixture.livePages()).isZero();
        }
    }

    @Test
    default void grownBlockThatIsUnboundStaysSo() {
        try (SlabFixture fixture = fixture()) {
            SlabBlock block = fixture.allocate(2 << 20);
            fixture.heap().unbind(block.handle);
            assertThat(block.grow(3 << 20)).isTrue();
            SlabBlock other = new SlabBlock(fixture.heap(), block.handle, block.array, block.address, block.byteSize);
            fixture.heap().free(block.handle, other);
            assertThat(fixture.allocate(3 << 20)).isSameAs(other);
            other.release();
        }
    }

    @Test
    default void blockDoesNotGrowIntoPagesOfOthers() {
        try (SlabFixture fixture = fixture(8 * SlabFixture.MIB)) {
            SlabBlock first = fixture.allocate(2 << 20);
            AllocatedBlocks blocks = new AllocatedBlocks();
            blocks.add(first);
            blocks.add(fixture.allocate(2 << 20));
            blocks.add(fixture.allocate(2 << 20));
            blocks.add(fixture.allocate(2 << 20));
            for (SlabBlock block : blocks.blocks()) {
                long handle = block.handle;
                assertThat(block.grow(4 << 20)).isFalse();
                assertThat(block.handle).isEqualTo(handle);
                assertThat(block.byteSize).isEqualTo(2 << 20);
            }
            fixture.check(blocks);
            blocks.releaseAll();
        }
    }

    @Test
    default void blockThatSharesItsSlabDoesNotGrow() {
        try (SlabFixture fixture = fixture()) {
            for (int size : new int[] {16, 1000, 4096, 20_000}) {
                SlabBlock block = fixture.allocate(size);
                if (SlabShape.of(block.byteSize, fixture.pageBytes()).blocks() > 1) {
                    assertThat(block.grow(2 << 20)).isFalse();
                }
                block.release();
            }
            fixture.check(new AllocatedBlocks());
        }
    }

    @Test
    default void blockDoesNotGrowToWhatItHas() {
        try (SlabFixture fixture = fixture()) {
            SlabBlock block = fixture.allocate(2 << 20);
            for (int size : new int[] {0, 100, 1 << 20, (2 << 20) - 1, 2 << 20}) {
                assertThat(block.grow(size)).as("to %d", size).isFalse();
            }
            assertThat(block.grow(SizeClasses.MAX_BYTES)).isFalse();
            fixture.check();
            block.release();
        }
    }

    @Test
    default void growingAtRandomLosesNothing() {
        SplittableRandom random = Seeds.random("growingAtRandomLosesNothing");
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = new AllocatedBlocks();
            int grown = 0;
            for (int i = 0; i < 1_000; i++) {
                if (blocks.count() < 10) {
                    SlabBlock block = fixture.heap().tryAllocate(random.nextInt(4 << 20));
                    if (block != null) {
                        blocks.add(block);
                    }
                }
                if (blocks.count() > 0 && random.nextInt(3) > 0) {
                    SlabBlock block = blocks.removeAny(random);
                    int written = block.byteSize;
                    if (block.grow((int) Math.min(16 << 20, block.byteSize * (1 + random.nextDouble())))) {
                        grown++;
                        block.check(written);
                    }
                    blocks.add(block);
                } else if (blocks.count() > 0) {
                    blocks.removeAny(random).release();
                }
                if (i % 32 == 0) {
                    fixture.check(blocks);
                }
                if (i % 100 == 0) {
                    fixture.heap().trim();
                    fixture.check(blocks);
                }
            }
            assertThat(grown).isGreaterThan(20);
            blocks.releaseAll();
            fixture.heap().trim();
            assertThat(fixture.livePages()).isZero();
        }
    }
}
