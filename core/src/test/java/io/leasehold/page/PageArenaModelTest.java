package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random operations on an arena and on its simplest model, compared after each operation.
///
/// `-Dseed=` replays one seed. `-Dleasehold.soak=true` takes many more steps, with new seeds.
class PageArenaModelTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final long ROOMY = 1L << 40;
    private static final int FIXED_SEED = 20261121;
    private static final int WALKS = 3;

    /// The arenas under test.
    enum Variant {
        ANONYMOUS(700, 300_000),
        ANONYMOUS_LARGER(3_000, 100_000),
        ONE_PAGE(1, 30_000),
        NO_WHOLE_WORD(37, 300_000),
        WHOLE_PAGEBLOCKS(1_024, 150_000),
        MEMORY_FILE(700, 150_000),
        ZERO_ON_FREE(600, 150_000),
        PREFAULTED(600, 60_000),
        PAGES_OF_16_KIB(600, 150_000),
        TIGHT_BUDGET(1_500, 150_000),
        HUGE_FRAMES(2_300, 60_000),
        HUGE_FRAMES_OF_16_KIB(700, 60_000),
        LOCKED_WHEN_WIRED(300, 60_000),
        NO_CAPABILITIES(700, 150_000),
        NO_BARRIER(700, 60_000);

        private final int pageCount;
        private final int steps;

        Variant(int pageCount, int steps) {
            this.pageCount = pageCount;
            this.steps = steps;
        }

        PageArenaOptions options(VirtualMemory memory) {
            boolean large = this == PAGES_OF_16_KIB || this == HUGE_FRAMES_OF_16_KIB;
            long pageBytes = Math.max(large ? 16 << 10 : 4 << 10, memory.pageSize());
            return PageArenaOptions.builder()
                    .name(name())
                    .byteSize(pageCount * pageBytes)
                    .pageByteSize(pageBytes)
                    .memoryFile(this == MEMORY_FILE)
                    .zeroOnFree(this == ZERO_ON_FREE)
                    .prefault(this == PREFAULTED)
                    .hugePages(this == HUGE_FRAMES || this == HUGE_FRAMES_OF_16_KIB)
                    .lockWired(this == LOCKED_WHEN_WIRED)
                    .build();
        }

        /// {@return the limit of the parent budget: everything, or about two thirds and the tables}
        long parentBytes(PageArenaOptions options) {
            return this == TIGHT_BUDGET ? options.byteSize() * 2 / 3 + (128 << 10) : ROOMY;
        }

        Set<Capability> hidden() {
            return switch (this) {
                case NO_CAPABILITIES -> EnumSet.allOf(Capability.class);
                case NO_BARRIER -> EnumSet.of(Capability.BARRIER);
                default -> EnumSet.noneOf(Capability.class);
            };
        }

        void assumePossible(VirtualMemory memory) {
            String reason = "skipped: " + this + ": " + memory;
            boolean possible = switch (this) {
                case MEMORY_FILE -> memory.can(Capability.MAP);
                case LOCKED_WHEN_WIRED -> memory.can(Capability.LOCK) && canLock(memory, 300 * memory.pageSize());
                case HUGE_FRAMES, HUGE_FRAMES_OF_16_KIB -> memory.can(Capability.DECOMMIT) && memory.hugePageSize() > 0;
                case TIGHT_BUDGET, NO_BARRIER, PREFAULTED -> memory.can(Capability.DECOMMIT);
                default -> true;
            };
            if (!possible) {
                System.out.println(reason);
            }
            assumeTrue(possible, reason);
        }

        private static boolean canLock(VirtualMemory memory, long byteSize) {
            long address = memory.reserve(byteSize, memory.pageSize());
            try {
                memory.commit(address, byteSize);
                memory.lock(address, byteSize);
                return true;
            } catch (SystemCallException e) {
                return false; // RLIMIT_MEMLOCK
            } finally {
                memory.release(address, byteSize);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void arenaDoesWhatItsModelDoes(Variant variant) {
        Long replayed = Long.getLong("seed");
        SplittableRandom seeds = SOAK ? new SplittableRandom() : new SplittableRandom(FIXED_SEED + variant.ordinal());
        int walks = replayed != null ? 1 : SOAK ? 5 * WALKS : WALKS;
        int steps = variant.steps / WALKS / (SOAK ? 1 : 15);
        LedgerVirtualMemory memory = new LedgerVirtualMemory(variant.hidden());
        variant.assumePossible(memory);
        MappingBudget mappings = new MappingBudget(2_000);
        Reservations reservations = new Reservations(memory, mappings);
        for (int walk = 0; walk < walks; walk++) {
            // each walk after the first uses the address space of the one before
            walk(variant, replayed != null ? replayed : seeds.nextLong(), steps, reservations);
        }
        assertThat(mappings.used()).isEqualTo(2L * reservations.retainedCount());
        reservations.releaseRetained();
        assertThat(mappings.used()).isZero();
        assertThat(memory.openDescriptors()).isEmpty();
        assertThat(memory.lockedPageCount()).isZero();
        assertThat(memory.reservedBytes()).as("address space left by strangers").isLessThan(walks * (4L << 20));
    }

    private static void walk(Variant variant, long seed, int steps, Reservations reservations) {
        System.out.printf("model walk: %s, steps=%,d, seed=%d%n", variant, steps, seed);
        PageArenaOptions options = variant.options(reservations.memory());
        SplittableRandom random = new SplittableRandom(seed);
        PageArenaRandomWalk walk = new PageArenaRandomWalk(options, reservations, variant.parentBytes(options), random);
        int step = 0;
        try {
            for (; step < steps; step++) {
                walk.step(step);
            }
            walk.finish();
        } catch (Throwable e) {
            throw new AssertionError(
                    "%s, step %d, %s: %s%nreplay with -Dtest=PageArenaModelTest -Dseed=%d"
                            .formatted(variant, step, walk.operation(), e.getMessage(), seed),
                    e);
        }
    }
}
