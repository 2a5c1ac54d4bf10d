package io.leasehold.jumbo;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random operations on a pool and on the plainest model of one, for each class of pages.
///
/// `-Dseed=` replays one seed; `-Dleasehold.soak=true` takes many more steps, with new seeds.
class JumboModelTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int WALKS = SOAK ? 20 : 2;
    private static final int STEPS = SOAK ? 20_000 : 1_000;

    @ParameterizedTest
    @EnumSource
    void ringDoesWhatItsModelDoes(BufferSize bufferSize) {
        Long replayed = Long.getLong("seed");
        SplittableRandom seeds = SOAK ? new SplittableRandom() : new SplittableRandom(20261121 + bufferSize.ordinal());
        for (int walk = 0; walk < (replayed == null ? WALKS : 1); walk++) {
            walk(bufferSize, replayed == null ? seeds.nextLong() : replayed, walk % 2 == 0 ? 2 : 16);
        }
    }

    private static void walk(BufferSize bufferSize, long seed, int arenaMib) {
        System.out.printf("jumbo walk: %s, %d MiB, steps=%,d, seed=%d%n", bufferSize, arenaMib, STEPS, seed);
        int maxPages = 3 * (256 << 10) / bufferSize.byteSize() + 1;
        int step = 0;
        try (JumboRandomWalk walk =
                new JumboRandomWalk(new JumboFixture(bufferSize, maxPages, arenaMib), maxPages, seed)) {
            try {
                for (; step < STEPS; step++) {
                    walk.step(step);
                }
                walk.finish();
            } catch (Throwable e) {
                throw new AssertionError(
                        "%s, step %d, %s: %s%nreplay with -Dtest=JumboModelTest -Dseed=%d"
                                .formatted(bufferSize, step, walk.operation(), e.getMessage(), seed),
                        e);
            }
        }
    }
}
