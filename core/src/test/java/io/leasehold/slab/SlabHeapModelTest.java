package io.leasehold.slab;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random operations of one thread, and sometimes of a second, on a heap and on the simplest model of a heap.
///
/// `-Dseed=` replays one seed; `-Dleasehold.soak=true` takes 4 million steps, with new seeds.
class SlabHeapModelTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int FIXED_SEED = 20261123;
    private static final int WALKS = 2;

    /// The heaps to walk through.
    enum Setup {
        PAGES_OF_4_KIB(64, 80_000),
        PAGES_OF_16_KIB(64, 30_000),
        PAGES_OF_64_KIB(64, 30_000),
        TOO_SMALL(6, 60_000),
        MEMORY_FILE(64, 20_000),
        NO_THREAD_CACHE(16, 30_000),
        SMALL_THREAD_CACHE(16, 30_000),
        JAVA_HEAP(64, 20_000);

        private final int mib;
        private final int steps;

        Setup(int mib, int steps) {
            this.mib = mib;
            this.steps = steps;
        }

        SlabSetup setup() {
            SlabSetup setup = SlabSetup.pages(4 << 10);
            return switch (this) {
                case PAGES_OF_4_KIB, TOO_SMALL -> setup;
                case PAGES_OF_16_KIB -> SlabSetup.pages(16 << 10);
                case PAGES_OF_64_KIB -> SlabSetup.pages(64 << 10);
                case MEMORY_FILE -> setup.withMemoryFile();
                case NO_THREAD_CACHE -> setup.withThreadCache(0);
                case SMALL_THREAD_CACHE -> setup.withThreadCache(4 << 10);
                case JAVA_HEAP -> setup.inArrays();
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void heapDoesWhatItsModelDoes(Setup setup) {
        if (setup.setup().memoryFile()) {
            TestMemory.require(VirtualMemory.system(), Capability.MAP);
        }
        Long replayed = Long.getLong("seed");
        SplittableRandom seeds = SOAK ? new SplittableRandom() : new SplittableRandom(FIXED_SEED + setup.ordinal());
        int walks = replayed != null ? 1 : SOAK ? 7 * WALKS : WALKS;
        int steps = setup.steps / WALKS * (SOAK ? 8 : 1) / 4;
        for (int walk = 0; walk < walks; walk++) {
            walk(setup, replayed != null ? replayed : seeds.nextLong(), steps);
        }
    }

    private static void walk(Setup setup, long seed, int steps) {
        System.out.printf("slab walk: %s, steps=%,d, seed=%d%n", setup, steps, seed);
        int step = 0;
        try (SlabRandomWalk walk =
                new SlabRandomWalk(new SlabFixture(setup.setup(), setup.mib * SlabFixture.MIB), seed)) {
            try {
                for (; step < steps; step++) {
                    walk.step(step);
                }
                walk.finish();
            } catch (Throwable e) {
                throw new AssertionError(
                        "%s, step %d, %s: %s%nreplay with -Dtest=SlabHeapModelTest -Dseed=%d"
                                .formatted(setup, step, walk.operation(), e.getMessage(), seed),
                        e);
            }
        }
    }
}
