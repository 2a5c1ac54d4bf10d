package io.leasehold.netty;

import io.leasehold.memory.Seeds;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Random operations on an allocator and on a simple model of one. Every byte is checked, and no two buffers overlap.
///
/// `-Dseed=` replays one seed; `-Dleasehold.soak=true` takes twenty times as many steps.
class AllocatorModelTest {

    private static final int SCALE = Boolean.getBoolean("leasehold.soak") ? 20 : 1;

    private final Level levelBefore = ResourceLeakDetector.getLevel();

    @AfterEach
    void watchAsBefore() {
        ResourceLeakDetector.setLevel(levelBefore);
    }

    /// At level SIMPLE every buffer is sampled here, so the heap unbinds each buffer and its release binds it again.
    @ParameterizedTest
    @CsvSource({"DISABLED, 160000", "SIMPLE, 40000"})
    void buffersHoldWhatTheyWereGiven(Level level, int steps) throws Exception {
        ResourceLeakDetector.setLevel(level);
        long seed = Seeds.next("AllocatorModelTest " + level);
        try (LeasedByteBufAllocator allocator =
                        TestAllocators.builder("model", 256 << 20).build();
                AllocatorRandomWalk walk = new AllocatorRandomWalk(allocator, new SplittableRandom(seed))) {
            int step = 0;
            try {
                for (; step < steps * SCALE; step++) {
                    walk.step();
                }
                walk.finish();
            } catch (Exception | AssertionError e) {
                allocator.closeForcibly();
                throw new AssertionError(
                        "%s, step %d, %s: %s%nreplay with -Dtest=AllocatorModelTest -Dseed=%d"
                                .formatted(level, step, walk.operation(), e.getMessage(), seed),
                        e);
            }
        }
    }
}
