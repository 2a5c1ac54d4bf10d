package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The cost of reclaiming, counted in visits of slabs, holds of locks, flushes and visits of classes: it is in
/// proportion to what changed, not to what is held.
class SlabGrowthTest {

    /// Each slab that changes is visited once as an empty slab and once for its pages, by decay and under pressure.
    private static final int LOOKS_PER_CHANGE = 4;

    private static final int SIXTEEN_SLABS_A_HOLD = 16;

    @ParameterizedTest(name = "{0} blocks of {1} B, one in {2} kept")
    @CsvSource({
        "4000, 256, 0",
        "16000, 256, 100",
        "64000, 256, 100",
        "4000, 1024, 0",
        "16000, 1024, 100",
        "32000, 1024, 100",
        "4000, 5000, 30",
        "200, 100000, 10"
    })
    void releasingABurstIsWorkInProportionToIt(int count, int byteSize, int oneInIsKept) {
        try (SlabFixture fixture = fixture(byteSize)) {
            AllocatedBlocks blocks = allocate(fixture, count, byteSize);
            int slabs = slabs(fixture, byteSize);
            fixture.tick();
            long before = fixture.heap().work().looks;
            if (oneInIsKept == 0) {
                blocks.releaseAll();
            } else {
                blocks.releaseAllBut(oneInIsKept, new SplittableRandom(1));
            }
            for (int tick = 0; tick < 10; tick++) {
                fixture.tick();
            }
            ReclaimWork work = fixture.heap().work();
            assertThat(work.looks - before).as("%s", work).isLessThanOrEqualTo(LOOKS_PER_CHANGE * (slabs + 10L));
            blocks.releaseAll();
        }
    }

    /// Slabs that did not change are not visited again, in whatever state they are.
    @ParameterizedTest
    @ValueSource(ints = {1_000, 4_000, 16_000, 64_000})
    void ticksWithoutAChangeAreFree(int count) {
        try (SlabFixture fixture = fixture(1024)) {
            AllocatedBlocks blocks = allocate(fixture, count, 1024);
            blocks.releaseAllBut(2, new SplittableRandom(1));
            for (int tick = 0; tick < 4; tick++) {
                fixture.tick();
            }
            String before = fixture.heap().work().toString();
            for (int tick = 0; tick < 100; tick++) {
                fixture.tick();
            }
            assertThat(fixture.heap().work()).hasToString(before);
            blocks.releaseAll();
        }
    }

    /// A steady load changes a few slabs in each tick. Many other slabs are partly used.
    @ParameterizedTest
    @ValueSource(ints = {1_000, 4_000, 16_000, 64_000})
    void ticksWithFewChangesCostFewLooks(int count) {
        try (SlabFixture fixture = fixture(1024)) {
            AllocatedBlocks blocks = allocate(fixture, count, 1024);
            SplittableRandom random = new SplittableRandom(1);
            blocks.releaseAllBut(2, random);
            for (int tick = 0; tick < 4; tick++) {
                fixture.tick();
            }
            long before = fixture.heap().work().looks;
            for (int tick = 0; tick < 20; tick++) {
                for (int i = 0; i < 10; i++) {
                    blocks.removeAny(random).release();
                    blocks.add(fixture.allocate(1024));
                }
                fixture.tick();
            }
            assertThat(fixture.heap().work().looks - before)
                    .as("looks in 20 ticks of 10 releases")
                    .isLessThanOrEqualTo(20L * 2 * LOOKS_PER_CHANGE * 10);
            blocks.releaseAll();
        }
    }

    @Test
    void requestThatIsRejectedAgainLooksAtNothing() {
        try (SlabFixture fixture = new SlabFixture(SlabSetup.pages(4 << 10), 8 * SlabFixture.MIB)) {
            AllocatedBlocks blocks = fixture.exhaust(1024);
            blocks.releaseAllBut(3, new SplittableRandom(1));
            int large = 4 << 20;
            assertThat(fixture.heap().tryAllocate(large)).isNull();
            String before = fixture.heap().work().toString();
            for (int i = 0; i < 1_000; i++) {
                assertThat(fixture.heap().tryAllocate(large)).isNull();
            }
            assertThat(fixture.heap().work()).hasToString(before);
            blocks.releaseAll();
        }
    }

    @Test
    void lockIsHeldForSomeSlabsAtATime() {
        try (SlabFixture fixture = fixture(256)) {
            AllocatedBlocks blocks = allocate(fixture, 64_000, 256);
            int slabs = slabs(fixture, 256);
            blocks.releaseAll();
            fixture.heap().trim();
            ReclaimWork work = fixture.heap().work();
            assertThat(work.slabs).isEqualTo(slabs);
            assertThat(work.holds).as("%s", work).isGreaterThanOrEqualTo(slabs / SIXTEEN_SLABS_A_HOLD);
        }
    }

    @Test
    void heapThatWasNotUsedIsNotFlushed() {
        try (SlabFixture fixture = fixture(1024)) {
            fixture.tick();
            fixture.heap().trim();
            assertThat(fixture.heap().work()).hasToString(new ReclaimWork().toString());
            fixture.allocate(1000).release();
            fixture.tick();
            long flushes = fixture.heap().work().flushes;
            assertThat(flushes).isEqualTo(1);
            fixture.tick();
            fixture.tick();
            assertThat(fixture.heap().work().flushes).isEqualTo(flushes);
        }
    }

    private static SlabFixture fixture(int byteSize) {
        return new SlabFixture(SlabSetup.pages(4 << 10), (byteSize > 2048 ? 64 : 128) * SlabFixture.MIB);
    }

    private static AllocatedBlocks allocate(SlabFixture fixture, int count, int byteSize) {
        AllocatedBlocks blocks = new AllocatedBlocks();
        for (int i = 0; i < count; i++) {
            blocks.add(fixture.allocate(byteSize));
        }
        return blocks;
    }

    private static int slabs(SlabFixture fixture, int byteSize) {
        SlabHeapStats.SizeClass stats = fixture.statsOf(byteSize);
        return stats == null ? 0 : stats.slabs();
    }
}
