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
        try (SlabFixture fixture = fixture()) {
            for (int round = 0; round < 3; round++) {
                AllocatedBlocks blocks = fixture.fill(8 * SlabFixture.MIB, 100_000, random);
                long held = fixture.heap().stats().heldBytes();
                blocks.releaseAll();
                assertThat(fixture.heap().stats().heldBytes()).isEqualTo(held);
                assertThat(fixture.heap().trim()).isEqualTo(held);
                assertThat(fixture.heap().trim()).isZero();
                assertThat(fixture.livePages()).isZero();
                assertThat(fixture.heap().stats().classes()).isEmpty();
                fixture.check(blocks);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 256, 1152, 5000, 20_000, 100_000})
    default void survivorsKeepNoPageButTheirOwn(int byteSize) {
        SplittableRandom random = Seeds.random("survivorsKeepNoPageButTheirOwn");
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = burst(fixture, byteSize);
            blocks.releaseAllBut(100, random);
            long before = fixture.heap().stats().heldBytes();
            int pages = fixture.pagesUnder(blocks.blocks());
            assertThat(fixture.heap().trim()).isEqualTo(before - (long) pages * fixture.pageBytes());
            assertThat(fixture.livePages()).isEqualTo(pages);
            checkAndReleaseSurvivors(fixture, blocks);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 1000, 20_000})
    default void decayLeavesSurvivorsTheirOwnPages(int byteSize) {
        SplittableRandom random = Seeds.random("decayLeavesSurvivorsTheirOwnPages");
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = burst(fixture, byteSize);
            fixture.tick();
            blocks.releaseAllBut(100, random);
            for (int i = 0; i < 3; i++) {
                fixture.tick();
            }
            assertThat(fixture.livePages()).isEqualTo(fixture.pagesUnder(blocks.blocks()));
            checkAndReleaseSurvivors(fixture, blocks);
        }
    }

    @Test
    default void survivorsOfSeveralSizesKeepNoPageButTheirOwn() {
        SplittableRandom random = Seeds.random("survivorsOfSeveralSizesKeepNoPageButTheirOwn");
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = fixture.fill(8 * SlabFixture.MIB, 12_000, random);
            for (int round = 0; round < 5; round++) {
                blocks.releaseAllBut(3, random);
                fixture.arena().trim();
                assertThat(fixture.livePages()).isEqualTo(fixture.pagesUnder(blocks.blocks()));
                fixture.check(blocks);
            }
            checkAndReleaseSurvivors(fixture, blocks);
        }
    }

    @Test
    default void burstIsFreedAfterTwoTicks() {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = burst(fixture, 1000);
            fixture.tick();
            long held = fixture.heap().stats().heldBytes();
            blocks.releaseAll();
            fixture.tick();
            assertThat(fixture.heap().stats().heldBytes()).as("after one").isEqualTo(held);
            fixture.tick();
            assertThat(fixture.heap().stats().heldBytes()).as("after two").isZero();
            assertThat(fixture.livePages()).isZero();
        }
    }

    @Test
    default void steadyLoadKeepsItsSlabs() {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = burst(fixture, 1000);
            int count = blocks.count();
            blocks.releaseAll();
            fixture.tick();
            for (int i = 0; i < 10; i++) {
                while (blocks.count() < count) {
                    blocks.add(fixture.allocate(1000));
                }
                long held = fixture.heap().stats().heldBytes();
                blocks.releaseAll();
                fixture.tick();
                assertThat(fixture.heap().stats().heldBytes()).as("tick %d", i).isEqualTo(held);
            }
        }
    }

    @Test
    default void loadThatHalvesKeepsItsHalf() {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = burst(fixture, 1000);
            int count = blocks.count();
            long held = fixture.heap().stats().heldBytes();
            for (int i = 0; i < 6; i++) {
                blocks.releaseAll();
                fixture.tick();
                while (blocks.count() < count / 2) {
                    blocks.add(fixture.allocate(1000));
                }
            }
            assertThat(fixture.heap().stats().heldBytes())
                    .isBetween(held / 2 - SlabFixture.MIB, held / 2 + SlabFixture.MIB);
            blocks.releaseAll();
        }
    }

    /// As many blocks are allocated as are released between two trims. The released ones may be the last ones in a
    /// page.
    @ParameterizedTest
    @ValueSource(ints = {256, 1000, 2048})
    default void pageIsFreedThoughAsManyBlocksWereTakenAsReleased(int byteSize) {
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = burst(fixture, byteSize);
            SplittableRandom random = Seeds.random("pageIsFreedThoughAsManyBlocksWereTakenAsReleased");
            blocks.releaseAllBut(20, random);
            for (int round = 0; round < 30; round++) {
                fixture.heap().trim();
                assertThat(fixture.livePages()).as("round %d", round).isEqualTo(fixture.pagesUnder(blocks.blocks()));
                int some = 1 + random.nextInt(20);
                for (int i = 0; i < some; i++) {
                    blocks.add(fixture.allocate(byteSize));
                }
                for (int i = 0; i < some; i++) {
                    blocks.removeAny(random).release();
                }
            }
            checkAndReleaseSurvivors(fixture, blocks);
        }
    }

    @Test
    default void purgedSlabsAllocateWhatTheyHaveLeft() {
        SplittableRandom random = Seeds.random("purgedSlabsAllocateWhatTheyHaveLeft");
        try (SlabFixture fixture = fixture()) {
            AllocatedBlocks blocks = burst(fixture, 256);
            blocks.releaseAllBut(100, random);
            fixture.heap().trim();
            SlabHeapStats.SizeClass purged = fixture.statsOf(256);
            int pages = fixture.livePages();
            long free = purged == null ? 0 : purged.freeBlocks();
            assertThat(free).isGreaterThan(100);
            for (long i = 0; i < free; i++) {
                blocks.add(fixture.allocate(256));
            }
            assertThat(fixture.livePages())
                    .as("pages after the remaining blocks are allocated")
                    .isEqualTo(pages);
            fixture.check(blocks);
            checkAndReleaseSurvivors(fixture, blocks);
        }
    }

    /// {@return blocks of some MiB together}
    private static AllocatedBlocks burst(SlabFixture fixture, int byteSize) {
        AllocatedBlocks blocks = new AllocatedBlocks();
        long total = byteSize < 100 ? SlabFixture.MIB : 3 * SlabFixture.MIB;
        while (blocks.byteSize() < total) {
            blocks.add(fixture.allocate(byteSize));
        }
        return blocks;
    }

    /// Overwrites every free page, and checks that no block changed. Then releases the blocks, and checks that no page
    /// is left.
    private static void checkAndReleaseSurvivors(SlabFixture fixture, AllocatedBlocks blocks) {
        List<Long> others = fixture.takeFreePages();
        blocks.checkAll();
        others.forEach(fixture.arena()::free);
        fixture.check(blocks);
        blocks.releaseAll();
        fixture.heap().trim();
        assertThat(fixture.livePages()).isZero();
        fixture.check(blocks);
    }
}
