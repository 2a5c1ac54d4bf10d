package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How a heap frees pages that it does not need.
interface SlabHeapPurgeContract extends SlabHeapFixture {

    @Test
    default void idleHeapIsTrimmedToNothing() {
        SplittableRandom random = Seeds.random("idleHeapIsTrimmedToNothing");
        try (SlabBed bed = bed()) {
            for (int round = 0; round < 3; round++) {
                AllocatedBlocks blocks = bed.fill(8 * SlabBed.MIB, 100_000, random);
                long held = bed.heap().stats().heldBytes();
                blocks.releaseAll();
                assertThat(bed.heap().stats().heldBytes()).isEqualTo(held);
                assertThat(bed.heap().trim()).isEqualTo(held);
                assertThat(bed.heap().trim()).isZero();
                assertThat(bed.livePages()).isZero();
                assertThat(bed.heap().stats().classes()).isEmpty();
                bed.check(blocks);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 256, 1152, 5000, 20_000, 100_000})
    default void survivorsKeepNoPageButTheirOwn(int byteSize) {
        SplittableRandom random = Seeds.random("survivorsKeepNoPageButTheirOwn");
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = burst(bed, byteSize);
            blocks.releaseAllBut(100, random);
            long before = bed.heap().stats().heldBytes();
            int pages = bed.pagesUnder(blocks.blocks());
            assertThat(bed.heap().trim()).isEqualTo(before - (long) pages * bed.pageBytes());
            assertThat(bed.livePages()).isEqualTo(pages);
            checkAndReleaseSurvivors(bed, blocks);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 1000, 20_000})
    default void decayLeavesSurvivorsTheirOwnPages(int byteSize) {
        SplittableRandom random = Seeds.random("decayLeavesSurvivorsTheirOwnPages");
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = burst(bed, byteSize);
            bed.tick();
            blocks.releaseAllBut(100, random);
            for (int i = 0; i < 3; i++) {
                bed.tick();
            }
            assertThat(bed.livePages()).isEqualTo(bed.pagesUnder(blocks.blocks()));
            checkAndReleaseSurvivors(bed, blocks);
        }
    }

    @Test
    default void survivorsOfSeveralSizesKeepNoPageButTheirOwn() {
        SplittableRandom random = Seeds.random("survivorsOfSeveralSizesKeepNoPageButTheirOwn");
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = bed.fill(8 * SlabBed.MIB, 12_000, random);
            for (int round = 0; round < 5; round++) {
                blocks.releaseAllBut(3, random);
                bed.arena().trim();
                assertThat(bed.livePages()).isEqualTo(bed.pagesUnder(blocks.blocks()));
                bed.check(blocks);
            }
            checkAndReleaseSurvivors(bed, blocks);
        }
    }

    @Test
    default void burstIsFreedAfterTwoTicks() {
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = burst(bed, 1000);
            bed.tick();
            long held = bed.heap().stats().heldBytes();
            blocks.releaseAll();
            bed.tick();
            assertThat(bed.heap().stats().heldBytes()).as("after one").isEqualTo(held);
            bed.tick();
            assertThat(bed.heap().stats().heldBytes()).as("after two").isZero();
            assertThat(bed.livePages()).isZero();
        }
    }

    @Test
    default void steadyLoadKeepsItsSlabs() {
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = burst(bed, 1000);
            int count = blocks.count();
            blocks.releaseAll();
            bed.tick();
            for (int i = 0; i < 10; i++) {
                while (blocks.count() < count) {
                    blocks.add(bed.allocate(1000));
                }
                long held = bed.heap().stats().heldBytes();
                blocks.releaseAll();
                bed.tick();
                assertThat(bed.heap().stats().heldBytes()).as("tick %d", i).isEqualTo(held);
            }
        }
    }

    @Test
    default void loadThatHalvesKeepsItsHalf() {
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = burst(bed, 1000);
            int count = blocks.count();
            long held = bed.heap().stats().heldBytes();
            for (int i = 0; i < 6; i++) {
                blocks.releaseAll();
                bed.tick();
                while (blocks.count() < count / 2) {
                    blocks.add(bed.allocate(1000));
                }
            }
            assertThat(bed.heap().stats().heldBytes()).isBetween(held / 2 - SlabBed.MIB, held / 2 + SlabBed.MIB);
            blocks.releaseAll();
        }
    }

    /// As many blocks are allocated as are released between two trims. The released ones may be the last ones in a
    /// page.
    @ParameterizedTest
    @ValueSource(ints = {256, 1000, 2048})
    default void pageIsFreedThoughAsManyBlocksWereTakenAsReleased(int byteSize) {
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = burst(bed, byteSize);
            SplittableRandom random = Seeds.random("pageIsFreedThoughAsManyBlocksWereTakenAsReleased");
            blocks.releaseAllBut(20, random);
            for (int round = 0; round < 30; round++) {
                bed.heap().trim();
                assertThat(bed.livePages()).as("round %d", round).isEqualTo(bed.pagesUnder(blocks.blocks()));
                int some = 1 + random.nextInt(20);
                for (int i = 0; i < some; i++) {
                    blocks.add(bed.allocate(byteSize));
                }
                for (int i = 0; i < some; i++) {
                    blocks.removeAny(random).release();
                }
            }
            checkAndReleaseSurvivors(bed, blocks);
        }
    }

    @Test
    default void purgedSlabsAllocateWhatTheyHaveLeft() {
        SplittableRandom random = Seeds.random("purgedSlabsAllocateWhatTheyHaveLeft");
        try (SlabBed bed = bed()) {
            AllocatedBlocks blocks = burst(bed, 256);
            blocks.releaseAllBut(100, random);
            bed.heap().trim();
            SlabHeapStats.SizeClass purged = bed.statsOf(256);
            int pages = bed.livePages();
            long free = purged == null ? 0 : purged.freeBlocks();
            assertThat(free).isGreaterThan(100);
            for (long i = 0; i < free; i++) {
                blocks.add(bed.allocate(256));
            }
            assertThat(bed.livePages())
                    .as("pages after the remaining blocks are allocated")
                    .isEqualTo(pages);
            bed.check(blocks);
            checkAndReleaseSurvivors(bed, blocks);
        }
    }

    /// {@return blocks of some MiB together}
    private static AllocatedBlocks burst(SlabBed bed, int byteSize) {
        AllocatedBlocks blocks = new AllocatedBlocks();
        long total = byteSize < 100 ? SlabBed.MIB : 3 * SlabBed.MIB;
        while (blocks.byteSize() < total) {
            blocks.add(bed.allocate(byteSize));
        }
        return blocks;
    }

    /// Overwrites every free page, and checks that no block changed. Then releases the blocks, and checks that no page
    /// is left.
    private static void checkAndReleaseSurvivors(SlabBed bed, AllocatedBlocks blocks) {
        List<Long> others = bed.takeFreePages();
        blocks.checkAll();
        others.forEach(bed.arena()::free);
        bed.check(blocks);
        blocks.releaseAll();
        bed.heap().trim();
        assertThat(bed.livePages()).isZero();
        bed.check(blocks);
    }
}
