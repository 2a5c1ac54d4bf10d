package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random operations of one thread on a pool and on the plainest model of one, compared after each.
///
/// `-Dseed=` replays one seed; `-Dleasehold.soak=true` takes many more steps, with new seeds.
class LeasePoolModelTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int FIXED_SEED = 20261122;
    private static final int WALKS = 4;
    private static final int PAGES = 400;

    /// The pools to walk through.
    enum Terms {
        ONE_WINDOW(1, 1, false, 40_000),
        TWO_WINDOWS(2, 1, false, 40_000),
        SEVEN_WINDOWS(7, 1, false, 60_000),
        MANY_WINDOWS(64, 1, false, 40_000),
        WINDOWS_OF_FOUR_PAGES(7, 4, false, 40_000),
        ONE_WINDOW_OF_THREE_PAGES(1, 3, false, 20_000),
        TRACED_WINDOWS(3, 2, true, 6_000),
        DIRECT(0, 1, false, 80_000),
        TRACED_DIRECT(0, 1, true, 6_000);

        private final int slots;
        private final int windowPages;
        private final boolean traced;
        private final int steps;

        Terms(int slots, int windowPages, boolean traced, int steps) {
            this.slots = slots;
            this.windowPages = windowPages;
            this.traced = traced;
            this.steps = steps;
        }

        LeasePoolOptions options() {
            return new LeasePoolOptions(name(), slots, windowPages, traced, null);
        }

        boolean isWindowed() {
            return slots > 0;
        }
    }

    @ParameterizedTest
    @EnumSource
    void poolDoesWhatItsModelDoes(Terms terms) {
        VirtualMemory memory = VirtualMemory.system();
        if (terms.isWindowed()) {
            TestMemory.require(memory, Capability.MAP);
        }
        Long replayed = Long.getLong("seed");
        SplittableRandom seeds = SOAK ? new SplittableRandom() : new SplittableRandom(FIXED_SEED + terms.ordinal());
        int walks = replayed != null ? 1 : SOAK ? 5 * WALKS : WALKS;
        int steps = terms.steps / WALKS * (SOAK ? 8 : 1) / 4;
        MappingBudget mappings = new MappingBudget(1_000);
        Reservations reservations = new Reservations(memory, mappings);
        for (int walk = 0; walk < walks; walk++) {
            // each walk after the first may get the address space of the one before it
            walk(terms, replayed != null ? replayed : seeds.nextLong(), steps, reservations);
        }
        // regions of a forced close are not retained
        assertThat(mappings.used()).isBetween(2L * reservations.retainedCount(), 6L * walks);
        reservations.releaseRetained();
    }

    private static void walk(Terms terms, long seed, int steps, Reservations reservations) {
        System.out.printf("lease walk: %s, steps=%,d, seed=%d%n", terms, steps, seed);
        long pageBytes = Math.max(4096, reservations.memory().pageSize());
        PageArena arena = PageArenas.open(
                PageArenaOptions.builder()
                        .name(terms.name())
                        .pageByteSize(pageBytes)
                        .byteSize(PAGES * pageBytes)
                        .memoryFile(terms.isWindowed())
                        .decay(PageArenaOptions.NO_DECAY)
                        .budget(MemoryBudget.of("walk", 1 << 26))
                        .build(),
                reservations);
        long used = reservations.mappings().used();
        LeasePoolRandomWalk walk = new LeasePoolRandomWalk(arena, terms.options(), new SplittableRandom(seed));
        int step = 0;
        try {
            for (; step < steps; step++) {
                walk.step(step);
            }
            walk.finish();
            assertThat(reservations.mappings().used() - used)
                    .as("mappings left by the windows, beside their region")
                    .isLessThanOrEqualTo(2);
        } catch (Throwable e) {
            throw new AssertionError(
                    "%s, step %d, %s: %s%nreplay with -Dtest=LeasePoolModelTest -Dseed=%d"
                            .formatted(terms, step, walk.operation(), e.getMessage(), seed),
                    e);
        } finally {
            arena.closeForcibly();
        }
    }
}
