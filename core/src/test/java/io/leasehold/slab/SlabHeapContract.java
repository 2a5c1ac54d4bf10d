package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The contract of every heap: it allocates blocks that do not overlap, with the objects that are bound to them.
interface SlabHeapContract extends SlabHeapFixture {

    @Test
    default void blocksOfEverySizeAreAllocatedAndFreed() {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = new AllocatedBlocks();
            for (int c = 0; SizeClasses.byteSize(c) <= 4 * SlabFixture.MIB; c++) {
                int size = SizeClasses.byteSize(c);
                int next = c == 0 ? 0 : SizeClasses.byteSize(c - 1) + 1;
                for (int request : new int[] {size, next}) {
                    SlabBlock block = fixture.allocate(request);
                    blocks.add(block);
                    assertThat(block.byteSize).isEqualTo(size);
                    assertThat(fixture.heap().byteSize(block.handle)).isEqualTo(size);
                    assertThat(SizeClasses.byteSize(SizeClasses.of(request))).isEqualTo(size);
                }
                fixture.check(blocks);
                if (c % 8 == 7) {
                    blocks.releaseAll();
                }
            }
            blocks.releaseAll();
            fixture.check(blocks);
        }
    }

    /// The request would need a new slab otherwise.
    @ParameterizedTest
    @ValueSource(ints = {128, 1000, 4096, 40_000, 128 << 10})
    default void requestTakesAFreeBlockOfOneOfTheNextSizes(int byteSize) {
        try (SlabFixture fixture = fixture()) {
            int wanted = SizeClasses.of(byteSize);
            for (int more = 1; more <= ClassPools.SIZES_TO_BORROW_FROM + 1; more++) {
                fixture.allocate(SizeClasses.byteSize(wanted + more)).release();
                SlabBlock block = fixture.allocate(SizeClasses.byteSize(wanted));
                int borrowed = more <= ClassPools.SIZES_TO_BORROW_FROM ? more : 0;
                assertThat(block.byteSize).isEqualTo(SizeClasses.byteSize(wanted + borrowed));
                block.release();
                fixture.heap().trim();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 32, 48, 64, 96, 112})
    default void smallRequestTakesNoBlockThatIsMoreThanThreeEighthsLonger(int byteSize) {
        try (SlabFixture fixture = fixture()) {
            int wanted = SizeClasses.of(byteSize);
            for (int more = 1; more <= ClassPools.SIZES_TO_BORROW_FROM; more++) {
                fixture.allocate(SizeClasses.byteSize(wanted + more)).release();
                SlabBlock block = fixture.allocate(byteSize);
                assertThat(8 * block.byteSize).isLessThanOrEqualTo(11 * SizeClasses.byteSize(wanted));
                block.release();
                fixture.heap().trim();
            }
        }
    }

    @Test
    default void blockKnowsWhereItLies() {
        try (SlabFixture fixture = fixture()) {
            for (int size : new int[] {0, 1, 16, 17, 1000, 4096, 70_000, 1 << 20}) {
                SlabBlock block = fixture.allocate(size);
                assertThat(block.heap).isSameAs(fixture.heap());
                assertThat(block.handle).isNotEqualTo(SlabHeap.NO_BLOCK);
                assertThat(block.address % 16).isZero();
                byte[] array = block.array;
                assertThat(array != null).isEqualTo(setup().onJavaHeap());
                if (array != null) {
                    assertThat(block.address).isBetween(0L, (long) array.length - block.byteSize);
                }
                block.release();
            }
        }
    }

    @Test
    default void blockIsAllocatedAsTheSameObjectAgain() {
        try (SlabFixture fixture = fixture()) {
            Map<String, SlabBlock> bound = new HashMap<>();
            for (int round = 0; round < 10; round++) {
                AllocatedBlocks blocks = new AllocatedBlocks();
                for (int i = 0; i < 500; i++) {
                    SlabBlock block = fixture.allocate(i % 7 * 300);
                    blocks.add(block);
                    String place = System.identityHashCode(block.array) + ":" + block.address + ":" + block.byteSize;
                    assertThat(bound.computeIfAbsent(place, p -> block)).isSameAs(block);
                }
                blocks.releaseAll();
            }
            assertThat(bound).as("places of ten times 500 blocks").hasSizeLessThan(1000);
        }
    }

    @Test
    default void blocksKeepTheirContent() {
        SplittableRandom random = Seeds.random("blocksKeepTheirContent");
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = fixture.fill(4 * SlabFixture.MIB, 20_000, random);
            for (int i = 0; i < 5_000; i++) {
                blocks.removeAny(random).release();
                blocks.add(fixture.allocate(random.nextInt(20_001)));
            }
            blocks.checkAll();
            fixture.check(blocks);
            blocks.releaseAll();
            fixture.check(blocks);
        }
    }

    @Test
    default void blockIsReleasedWithAnotherObject() {
        try (SlabFixture fixture = fixture()) {
            SlabBlock first = fixture.allocate(100);
            fixture.heap().unbind(first.handle);
            SlabBlock second = new SlabBlock(fixture.heap(), first.handle, first.array, first.address, first.byteSize);
            fixture.heap().free(first.handle, second);
            Set<SlabBlock> seen = Collections.newSetFromMap(new IdentityHashMap<>());
            AllocatedBlocks blocks = new AllocatedBlocks();
            while (!seen.contains(second)) {
                SlabBlock block = fixture.allocate(100);
                assertThat(block).isNotSameAs(first);
                seen.add(block);
                blocks.add(block);
                assertThat(blocks.count()).isLessThan(1000);
            }
            blocks.releaseAll();
        }
    }

    @Test
    default void unboundBlockThatIsReleasedWithoutAnObjectGetsANewOne() {
        try (SlabFixture fixture = fixture()) {
            SlabBlock first = fixture.allocate(100);
            fixture.heap().unbind(first.handle);
            first.release();
            AllocatedBlocks blocks = new AllocatedBlocks();
            boolean again = false;
            while (!again) {
                SlabBlock block = fixture.allocate(100);
                assertThat(block).isNotSameAs(first);
                again = block.handle == first.handle;
                blocks.add(block);
                assertThat(blocks.count()).isLessThan(1000);
            }
            blocks.releaseAll();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 5_000, 100_000})
    default void lostObjectOfAnUnboundBlockIsCollected(int byteSize) {
        try (SlabFixture fixture = fixture()) {
            List<WeakReference<SlabBlock>> objects = new ArrayList<>();
            long handle = allocateAndLose(fixture, byteSize, objects);
            fixture.heap().unbind(handle);
            awaitCollected(objects);
            assertThat(fixture.heap().stats().liveBlocks())
                    .as("the block itself is in use")
                    .isEqualTo(1);
            fixture.heap().free(handle);
        }
    }

    @Test
    default void countOfBlocksInUseIsExactWhileCachesAreFlushed() throws InterruptedException {
        try (SlabFixture fixture = fixture()) {
            AtomicBoolean isOver = new AtomicBoolean();
            Watchdog watchdog = new Watchdog();
            watchdog.start("trims", () -> {
                while (!isOver.get()) {
                    fixture.heap().trim();
                }
            });
            try {
                for (int round = 0; round < 2_000; round++) {
                    SlabBlock block =
                            fixture.allocate(300); // and further ones into the magazine, which the trim flushes
                    assertThat(fixture.heap().stats().liveBlocks()).isEqualTo(1);
                    block.release();
                    assertThat(fixture.heap().stats().liveBlocks()).isZero();
                }
            } finally {
                isOver.set(true);
            }
            watchdog.join();
        }
    }

    @Test
    default void objectsAreDroppedWithTheirBlocks() {
        try (SlabFixture fixture = fixture()) {
            List<WeakReference<SlabBlock>> objects = new ArrayList<>();
            List<SlabBlock> blocks = new ArrayList<>();
            for (int i = 0; i < 5_000; i++) {
                SlabBlock block = fixture.allocate(i % 5 * 1000);
                blocks.add(block);
                objects.add(new WeakReference<>(block));
            }
            blocks.forEach(SlabBlock::release);
            blocks.clear();
            assertThat(fixture.heap().trim()).isPositive();
            awaitCollected(objects);
        }
    }

    @Test
    default void boundObjectsStay() {
        try (SlabFixture fixture = fixture()) {
            List<WeakReference<SlabBlock>> objects = new ArrayList<>();
            long handle = allocateAndLose(fixture, 100, objects);
            System.gc();
            SlabBlock block = objects.getFirst().get();
            assertThat(block).isNotNull();
            fixture.heap().free(handle);
        }
    }

    @Test
    default void anyThreadReleases() throws InterruptedException {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = fixture.fill(2 * SlabFixture.MIB, 5_000, Seeds.random("anyThreadReleases"));
            fixture.check(blocks);
            Watchdog watchdog = new Watchdog();
            List<SlabBlock> all = List.copyOf(blocks.blocks());
            int half = all.size() / 2;
            watchdog.start("platform", () -> all.subList(0, half).forEach(SlabBlock::release));
            watchdog.startVirtual("virtual", () -> all.subList(half, all.size()).forEach(SlabBlock::release));
            watchdog.join();
            fixture.check(new AllocatedBlocks());
            blocks.checkAll();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, SizeClasses.MAX_BYTES + 1, Integer.MAX_VALUE})
    default void rejectsSizesOutOfBounds(int byteSize) {
        try (SlabFixture fixture = fixture()) {
            String message = "no block has this size: byteSize=" + byteSize + ", min=0, max=2147483639";
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> fixture.heap().tryAllocate(byteSize))
                    .withMessage(message);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SizeClasses.byteSize(SizeClasses.of(byteSize)))
                    .withMessage(message);
            SlabBlock block = fixture.allocate(100_000);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> block.grow(byteSize))
                    .withMessage(message);
            block.release();
            fixture.check(new AllocatedBlocks());
        }
    }

    @Test
    default void nothingIsLostWhenNoObjectCanBeMade() {
        try (SlabFixture fixture = fixture();
                SlabHeap<SlabBlock> broken = fixture.openHeap((heap, handle, array, address, byteSize) -> {
                    throw new UnsupportedOperationException("no object");
                })) {
            for (int i = 0; i < 100; i++) {
                assertThatThrownBy(() -> broken.tryAllocate(1000)).hasMessage("no object");
            }
            assertThat(broken.stats().liveBlocks()).isZero();
            assertThat(broken.stats().heldBytes()).isLessThanOrEqualTo(16L * fixture.pageBytes());
        }
    }

    @Test
    default void everyBlockIsInUseOrCachedOrFree() {
        SplittableRandom random = Seeds.random("everyBlockIsInUseOrCachedOrFree");
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = fixture.fill(4 * SlabFixture.MIB, 30_000, random);
            for (int round = 0; round < 3; round++) {
                fixture.check(blocks);
                for (SlabHeapStats.SizeClass c : fixture.heap().stats().classes()) {
                    SlabShape shape = SlabShape.of(c.byteSize(), fixture.pageBytes());
                    assertThat(c.liveBlocks() + c.cachedBlocks() + c.freeBlocks())
                            .as("blocks of %s in %s", shape, c)
                            .isEqualTo((long) c.slabs() * shape.blocks());
                    assertThat(c.heldBytes()).isEqualTo((long) c.slabs() * shape.pages() * fixture.pageBytes());
                    assertThat(c.liveBlocks())
                            .isEqualTo(blocks.blocks().stream()
                                    .filter(block -> block.byteSize == c.byteSize())
                                    .count());
                }
                blocks.releaseAllBut(2, random);
            }
            blocks.releaseAll();
        }
    }

    @Test
    default void threadCachesNoMoreThanItsLimit() {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = new AllocatedBlocks();
            for (int size = 16; size <= 20_000; size += 112) {
                blocks.add(fixture.allocate(size));
            }
            fixture.heap().trim(); // frees the blocks that were cached meanwhile
            blocks.releaseAll();
            long inDepots = fixture.heap().stats().classes().stream()
                    .mapToLong(c -> {
                        int depth =
                                MagazineLayout.of(setup().threadCacheByteSize()).depth(SizeClasses.of(c.byteSize()));
                        return 4L * depth * c.byteSize();
                    })
                    .sum();
            assertThat(fixture.heap().stats().cachedBytes())
                    .isLessThanOrEqualTo(setup().threadCacheByteSize() + inDepots);
            fixture.check(blocks);
        }
    }

    @Test
    default void steadyLoadNeedsNoNewSlab() {
        try (SlabFixture fixture = fixture()) {
            Set<Long> held = new HashSet<>();
            for (int i = 0; i < 10_000; i++) {
                SlabBlock one = fixture.allocate(1000);
                SlabBlock other = fixture.allocate(200_000);
                one.release();
                other.release();
                if (i % 1000 == 0) {
                    fixture.tick();
                }
                held.add(fixture.heap().stats().classes().stream()
                        .mapToLong(SlabHeapStats.SizeClass::slabs)
                        .sum());
            }
            assertThat(held).as("numbers of slabs").isSubsetOf(0L, 1L, 2L, 3L);
        }
    }

    @Test
    default void hasNameAndDescription() {
        try (SlabFixture fixture = fixture()) {
            assertThat(fixture.heap().stats().name()).isEqualTo("heap");
            assertThat(fixture.heap().stats().classes()).isEmpty();
            assertThat(fixture.heap()).asString().startsWith("SlabHeap(heap, ");
        }
    }

    /// {@return the handle of a block whose object only the heap may still refer to}
    private static long allocateAndLose(SlabFixture fixture, int byteSize, List<WeakReference<SlabBlock>> objects) {
        SlabBlock block = fixture.allocate(byteSize);
        objects.add(new WeakReference<>(block));
        return block.handle;
    }

    /// Runs the garbage collector until the objects are collected.
    private static void awaitCollected(List<WeakReference<SlabBlock>> objects) {
        Eventually.holds("the objects are collected", () -> {
            System.gc();
            return objects.stream().allMatch(object -> object.get() == null);
        });
    }
}
