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
        try (SlabBed bed = bed(16 * SlabBed.MIB)) {
            AllocatedBlocks blocks = bed.exhaust(byteSize);
            assertThat(blocks.byteSize()).as("bytes in use of 16 MiB").isGreaterThan(15 * SlabBed.MIB);
            assertThat(bed.heap().tryAllocate(byteSize)).isNull();
            blocks.checkAll();
            bed.check(blocks);
            int count = blocks.count();
            for (int i = 0; i < 100; i++) {
                blocks.remove(i % blocks.count()).release();
                blocks.add(bed.allocate(byteSize));
            }
            assertThat(bed.heap().tryAllocate(byteSize)).isNull();
            blocks.releaseAll();
            blocks.add(bed.allocate(12 << 20));
            blocks.releaseAll();
            AllocatedBlocks again = bed.exhaust(byteSize);
            assertThat(again.count()).as("blocks, of %d at first", count).isGreaterThan(count * 98 / 100);
            again.releaseAll();
        }
    }

    /// One large empty slab is retained. A second one of another size is not retained beside it.
    @Test
    default void largeBlockThatIsUsedAgainStays() {
        try (SlabBed bed = bed();
                SlabHeap<SlabBlock> heap = openByDefault(bed)) {
            allocate(heap, 4 << 20).release();
            assertThat(heap.stats().heldBytes()).isEqualTo(4 << 20);
            allocate(heap, 8 << 20).release();
            assertThat(heap.stats().heldBytes()).isEqualTo(4 << 20);
        }
    }

    /// One retained slab of each size would have 62 times the bytes of the first.
    @Test
    default void emptySlabsOfManyLargeSizesAreNotAllRetained() {
        try (SlabBed bed = bed();
                SlabHeap<SlabBlock> heap = openByDefault(bed)) {
            int first = 128 * bed.pageBytes();
            for (int byteSize = first; byteSize <= 4 * first; byteSize += first / 8) {
                allocate(heap, byteSize).release();
            }
            assertThat(heap.stats().heldBytes()).isEqualTo(first);
        }
    }

    private static SlabHeap<SlabBlock> openByDefault(SlabBed bed) {
        return SlabHeap.open(bed.arena(), SlabHeapOptions.defaults(), SlabBlock::new);
    }

    private static SlabBlock allocate(SlabHeap<SlabBlock> heap, int byteSize) {
        return Objects.requireNonNull(heap.tryAllocate(byteSize));
    }

    @Test
    default void requestLargerThanTheArenaReturnsNull() {
        try (SlabBed bed = bed(8 * SlabBed.MIB)) {
            assertThat(bed.heap().tryAllocate((8 << 20) + 1)).isNull();
            assertThat(bed.heap().tryAllocate(SizeClasses.MAX_BYTES)).isNull();
            bed.allocate(8 << 20).release();
            bed.check(new AllocatedBlocks());
        }
    }

    @Test
    default void pagesThatOthersHoldAreNotTaken() {
        try (SlabBed bed = bed(8 * SlabBed.MIB)) {
            long page = bed.arena().allocateRun((int) (bed.byteSize() / bed.pageBytes()));
            assertThat(bed.heap().tryAllocate(16)).isNull();
            bed.arena().free(page);
            bed.allocate(16).release();
        }
    }

    @Test
    default void othersGetThePagesThatTheHeapRetains() {
        try (SlabBed bed = bed(8 * SlabBed.MIB)) {
            bed.exhaust(1000).releaseAll();
            assertThat(bed.livePages()).isPositive();
            long page = bed.arena().allocateRun((int) (bed.byteSize() / bed.pageBytes()));
            assertThat(bed.heap().stats().heldBytes()).isZero();
            bed.arena().free(page);
        }
    }

    @Test
    default void heapsOnOneArenaGetEachOthersRetainedPages() {
        try (SlabBed bed = bed(8 * SlabBed.MIB);
                SlabHeap<SlabBlock> other = bed.openHeap(SlabBlock::new)) {
            for (int round = 0; round < 3; round++) {
                AllocatedBlocks blocks = bed.exhaust(1000);
                assertThat(blocks.byteSize()).isGreaterThan(7 * SlabBed.MIB);
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

    /// One thread releases blocks into its own cache and stays alive. Another thread can allocate every byte
    /// nevertheless.
    @Test
    default void blocksInCachesOfOtherThreadsAreFoundUnderPressure() throws InterruptedException {
        try (SlabBed bed = bed(4 * SlabBed.MIB)) {
            int count = (int) (bed.byteSize() / 4096);
            Watchdog watchdog = new Watchdog();
            CountDownLatch released = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            watchdog.start("hoarder", () -> {
                List<SlabBlock> blocks = new ArrayList<>();
                for (int size = 16; size <= 60_000; size = size * 3 / 2) {
                    blocks.add(bed.allocate(size));
                }
                blocks.forEach(SlabBlock::release);
                released.countDown();
                watchdog.await("end", done);
            });
            watchdog.await("released", released);
            assertThat(bed.heap().stats().heldBytes()).isPositive();
            AllocatedBlocks blocks = bed.exhaust(4096);
            assertThat(blocks.count()).isEqualTo(count);
            done.countDown();
            watchdog.join();
            blocks.releaseAll();
        }
    }

    /// The same if the slabs of the cached blocks have other blocks in use, so that no slab becomes empty.
    @ParameterizedTest
    @ValueSource(ints = {100, 1000, 5000, 20_000})
    default void blocksOfOneSizeInOtherCachesAreFoundUnderPressure(int byteSize) throws InterruptedException {
        try (SlabBed bed = bed(4 * SlabBed.MIB)) {
            AllocatedBlocks blocks = bed.exhaust(byteSize);
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
                SlabBlock block = bed.heap().tryAllocate(byteSize);
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
        try (SlabBed bed = bed(4 * SlabBed.MIB)) {
            AllocatedBlocks blocks = bed.exhaust(byteSize);
            int blockPages = Math.ceilDiv(blocks.get(0).byteSize, bed.pageBytes());
            blocks.releaseAll();
            bed.heap().trim();
            // frees every second run of as many pages as a block needs
            List<Long> taken = new ArrayList<>();
            List<Long> free = new ArrayList<>();
            for (int i = 0; ; i++) {
                long run = bed.arena().tryAllocateRun(blockPages);
                if (run == PageArena.NO_PAGE) {
                    break;
                }
                (i % 2 == 0 ? taken : free).add(run);
            }
            free.forEach(bed.arena()::free);
            blocks = bed.exhaust(byteSize);
            assertThat(blocks.count()).isGreaterThanOrEqualTo(free.size() - 1);
            blocks.releaseAll();
            bed.heap().trim();
            taken.forEach(bed.arena()::free);
        }
    }

    @Test
    default void blockGrowsInPlace() {
        try (SlabBed bed = bed()) {
            int size = 2 << 20;
            SlabBlock block = bed.allocate(size);
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
                assertThat(bed.statsOf(written)).as("stats of the size it had").isNull();
                SlabHeapStats.SizeClass stats = bed.statsOf(next);
                assertThat(stats).isNotNull();
                if (stats != null) {
                    assertThat(stats.liveBlocks()).isEqualTo(1);
                    assertThat(stats.heldBytes()).isEqualTo(next);
                }
                bed.check();
            }
            block.release();
            SlabBlock again = bed.allocate(32 << 20);
            assertThat(again).as("the object of the longer block").isSameAs(block);
            again.release();
            bed.heap().trim();
            assertThat(bed.livePages()).isZero();
        }
    }

    @Test
    default void grownBlockThatIsUnboundStaysSo() {
        try (SlabBed bed = bed()) {
            SlabBlock block = bed.allocate(2 << 20);
            bed.heap().unbind(block.handle);
            assertThat(block.grow(3 << 20)).isTrue();
            SlabBlock other = new SlabBlock(bed.heap(), block.handle, block.array, block.address, block.byteSize);
            bed.heap().free(block.handle, other);
            assertThat(bed.allocate(3 << 20)).isSameAs(other);
            other.release();
        }
    }

    @Test
    default void blockDoesNotGrowIntoPagesOfOthers() {
        try (SlabBed bed = bed(8 * SlabBed.MIB)) {
            SlabBlock first = bed.allocate(2 << 20);
            AllocatedBlocks blocks = new AllocatedBlocks();
            blocks.add(first);
            blocks.add(bed.allocate(2 << 20));
            blocks.add(bed.allocate(2 << 20));
            blocks.add(bed.allocate(2 << 20));
            for (SlabBlock block : blocks.blocks()) {
                long handle = block.handle;
                assertThat(block.grow(4 << 20)).isFalse();
                assertThat(block.handle).isEqualTo(handle);
                assertThat(block.byteSize).isEqualTo(2 << 20);
            }
            bed.check(blocks);
            blocks.releaseAll();
        }
    }

    @Test
    default void blockThatSharesItsSlabDoesNotGrow() {
        try (SlabBed bed = bed()) {
            for (int size : new int[] {16, 1000, 4096, 20_000}) {
                SlabBlock block = bed.allocate(size);
                if (SlabShape.of(block.byteSize, bed.pageBytes()).blocks() > 1) {
                    assertThat(block.grow(2 << 20)).isFalse();
                }
                block.release();
            }
            bed.check(new AllocatedBlocks());
        }
    }

    @Test
    default void blockDoesNotGrowToWhatItHas() {
        try (SlabBed bed = bed()) {
            SlabBlock block = bed.allocate(2 << 20);
            for (int size : new int[] {0, 100, 1 << 20, (2 << 20) - 1, 2 << 20}) {
                assertThat(block.grow(size)).as("to %d", size).isFalse();
            }
            assertThat(block.grow(SizeClasses.MAX_BYTES)).isFalse();
            bed.check();
            block.release();
        }
    }

    @Test
    default void growingAtRandomLosesNothing() {
        SplittableRandom random = Seeds.random("growingAtRandomLosesNothing");
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = new AllocatedBlocks();
            int grown = 0;
            for (int i = 0; i < 1_000; i++) {
                if (blocks.count() < 10) {
                    SlabBlock block = bed.heap().tryAllocate(random.nextInt(4 << 20));
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
                    bed.check(blocks);
                }
                if (i % 100 == 0) {
                    bed.heap().trim();
                    bed.check(blocks);
                }
            }
            assertThat(grown).isGreaterThan(20);
            blocks.releaseAll();
            bed.heap().trim();
            assertThat(bed.livePages()).isZero();
        }
    }
}
