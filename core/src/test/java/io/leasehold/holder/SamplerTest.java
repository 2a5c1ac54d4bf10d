package io.leasehold.holder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The estimate is unbiased, as exact as statistics allow, and bounded in cost.
final class SamplerTest {

    private static final long MEAN = 512 << 10;
    private static final int[] SIZES = {256, 2048, 16_384, 131_072, 2 << 20};
    private static final long BYTES_OF_EACH = 64 << 20;

    private final Object owner = new Object();
    private final MemorySource source =
            MemorySource.open(SourceKind.ALLOCATOR, "sampled", null, owner, o -> List.of(), o -> null);
    private final AtomicLong time = new AtomicLong();

    @AfterEach
    void close() {
        source.close();
    }

    /// A block that counts its uses, as a buffer does.
    private static final class CountedBlock {

        private int countdown;

        /// {@return the countdown by which this use is recorded, or 0}
        int use(Sampler sampler, int byteSize, double otherChance) {
            countdown -= Sampler.STEP;
            if (countdown >= 0) {
                return 0;
            }
            int before = countdown;
            countdown = sampler.countdown(byteSize, -Math.log1p(-otherChance));
            return sampler.isDue(byteSize, before, otherChance) ? before : 0;
        }

        static CountedBlock of(Sampler sampler, int byteSize, double otherChance) {
            CountedBlock block = new CountedBlock();
            block.countdown = sampler.countdown(byteSize, -Math.log1p(-otherChance));
            return block;
        }
    }

    @Test
    void estimateIsUnbiasedForEachSizeAndAsExactAsPredicted() {
        int runs = 100;
        for (int byteSize : SIZES) {
            double sum = 0;
            double squares = 0;
            for (int run = 0; run < runs; run++) {
                double error = estimate(run, byteSize, 1 / 128.0) / BYTES_OF_EACH - 1;
                sum += error;
                squares += error * error;
            }
            double chance = 1 - Math.exp(-byteSize / (double) MEAN);
            double predicted = Math.sqrt((1 - chance) / (chance * BYTES_OF_EACH / byteSize));
            System.out.printf(
                    "SamplerTest: %d B: mean error %.4f, deviation %.4f, predicted %.4f%n",
                    byteSize, sum / runs, Math.sqrt(squares / runs), predicted);
            assertThat(sum / runs).as("bias at %d B", byteSize).isEqualTo(0, within(4 * predicted / 10 + 1e-9));
            assertThat(Math.sqrt(squares / runs))
                    .as("deviation at %d B", byteSize)
                    .isLessThan(1.35 * predicted + 1e-9);
        }
    }

    /// {@return the estimated bytes of blocks of one size, each used some times and still live in its last use}
    private double estimate(int seed, int byteSize, double otherChance) {
        SplittableRandom random = new SplittableRandom(seed);
        Sampler sampler = new Sampler(MEAN, () -> random, time::get, 10);
        double chance = -Math.expm1(-byteSize / (double) MEAN);
        double blocks = 0;
        for (int i = 0; i < BYTES_OF_EACH / byteSize; i++) {
            CountedBlock block = CountedBlock.of(sampler, byteSize, otherChance);
            boolean isSampled = false;
            for (int uses = 0; uses < 3; uses++) {
                isSampled = block.use(sampler, byteSize, otherChance) != 0;
            }
            blocks += isSampled ? 1 / chance : 0;
        }
        return blocks * byteSize;
    }

    /// The same seeds in each run. One standard deviation of a holder of small blocks is 8.8 % at 64 MiB and this mean.
    @Test
    void fiveHoldersAreEstimatedWithinTenPercent() {
        long[] megabytes = {64, 128, 256, 512, 768};
        int[] sizes = {2 << 20, 131_072, 16_384, 16_384, 2048};
        SplittableRandom random = new SplittableRandom(20);
        Sampler sampler = new Sampler(MEAN, () -> random, time::get, 10);
        for (int holder = 0; holder < sizes.length; holder++) {
            Tag tag = Tag.of("holder " + holder);
            for (long i = 0; i < (megabytes[holder] << 20) / sizes[holder]; i++) {
                time.addAndGet(1_000_000); // slower than the pace that is bounded
                CountedBlock block = CountedBlock.of(sampler, sizes[holder], 1 / 128.0);
                int countdown = block.use(sampler, sizes[holder], 1 / 128.0);
                if (countdown != 0) {
                    sampler.record(owner, source, tag, sizes[holder], countdown, Set.of());
                }
            }
        }
        List<Site> sites = Site.of(List.of(source), time.get());
        assertThat(sites).hasSize(5);
        for (int holder = 0; holder < sizes.length; holder++) {
            Tag tag = Tag.of("holder " + holder);
            double bytes = sites.stream()
                    .filter(site -> site.tag().equals(tag))
                    .mapToDouble(Site::bytes)
                    .sum();
            double error = bytes / (megabytes[holder] << 20) - 1;
            System.out.printf("SamplerTest: %d MiB in %d B: error %.3f%n", megabytes[holder], sizes[holder], error);
            assertThat(error).as("holder %d", holder).isEqualTo(0, within(0.1));
        }
    }

    @Test
    void bothSamplersAreDueAsOftenAsTheirChancesSay() {
        SplittableRandom random = new SplittableRandom(1);
        Sampler sampler = new Sampler(MEAN, () -> random, time::get, 10);
        int byteSize = 8192;
        double otherChance = 1 / 128.0;
        double chance = -Math.expm1(-byteSize / (double) MEAN);
        CountedBlock block = CountedBlock.of(sampler, byteSize, otherChance);
        int uses = 400_000;
        int due = 0;
        int otherDue = 0;
        for (int i = 0; i < uses; i++) {
            block.countdown -= Sampler.STEP;
            if (block.countdown < 0) {
                boolean isDue = sampler.isDue(byteSize, block.countdown, otherChance);
                block.countdown = sampler.countdown(byteSize, -Math.log1p(-otherChance));
                due += isDue ? 1 : 0;
                otherDue += sampler.isOtherDue(isDue, otherChance) ? 1 : 0;
            }
        }
        assertThat(due / (double) uses).isEqualTo(chance, within(0.05 * chance));
        assertThat(otherDue / (double) uses).isEqualTo(otherChance, within(0.08 * otherChance));
    }

    @Test
    void certainChancesAreCertain() {
        Sampler off = new Sampler(0, () -> new SplittableRandom(1), time::get, 10);
        assertThat(off.countdown(4096, Double.POSITIVE_INFINITY)).isZero();
        assertThat(off.countdown(4096, 0)).isGreaterThan(Integer.MAX_VALUE / 2);
        assertThat(off.isDue(4096, -Sampler.STEP, 1)).isFalse();
        assertThat(off.isDueAtOnce(4096, 0)).isFalse();
        assertThat(off.isOtherDue(false, 1)).isTrue();
        assertThat(off.record(this, source, source.tag(), 4096, -Sampler.STEP, Set.of()))
                .isNull();
    }

    @Test
    void paceIsBoundedAndTheEstimateStaysUnbiased() {
        SplittableRandom random = new SplittableRandom(7);
        Sampler sampler = new Sampler(MEAN, () -> random, time::get, 10);
        List<Sample> samples = new ArrayList<>();
        int byteSize = 256 << 10;
        CountedBlock[] blocks = new CountedBlock[50];
        Arrays.setAll(blocks, i -> CountedBlock.of(sampler, byteSize, 1 / 128.0));
        int uses = 4_000_000;
        for (int i = 0; i < uses; i++) {
            time.addAndGet(1_000); // a million in a second, for four seconds
            int countdown = blocks[i % blocks.length].use(sampler, byteSize, 1 / 128.0);
            if (countdown != 0) {
                samples.add(sampler.record(owner, source, source.tag(), byteSize, countdown, Set.of()));
            }
        }
        double estimate = samples.stream().mapToDouble(Sample::weight).sum();
        assertThat(samples).hasSizeLessThan(4 * 500 + 2_000);
        assertThat(estimate).isEqualTo(uses, within(0.1 * uses));

        assertThat(doublings(sampler)).as("doublings").isPositive();
        for (int i = 0; i < 3; i++) {
            time.addAndGet(2_000_000_000L);
            sampler.record(owner, source, source.tag(), byteSize, -Sampler.STEP, Set.of());
        }
        assertThat(doublings(sampler)).as("doublings after quiet seconds").isZero();
    }

    /// A holder that comes after a fast phase and a pause is sampled from its first block on.
    @Test
    void pauseEndsTheDoublings() {
        SplittableRandom random = new SplittableRandom(7);
        Sampler sampler = new Sampler(MEAN, () -> random, time::get, 10);
        for (int i = 0; i < 300; i++) {
            time.addAndGet(100_000); // twenty times as often as wanted
            sampler.record(owner, source, source.tag(), 4096, -Sampler.STEP, Set.of());
        }
        assertThat(doublings(sampler)).isPositive();
        time.addAndGet(2_000_000_000L);
        assertThat(doublings(sampler)).isZero();
    }

    private static int doublings(Sampler sampler) {
        return sampler.countdown(4096, Double.POSITIVE_INFINITY) % (Sampler.STEP / 2);
    }

    @Test
    void countdownOfAnOldMeanGivesItsWeight() {
        SplittableRandom random = new SplittableRandom(7);
        Sampler sampler = new Sampler(1 << 20, () -> random, time::get, 10);
        int old = sampler.countdown(4096, 0);
        sampler.meanBytes(4096);
        assertThat(weight(sampler, old % Sampler.STEP - Sampler.STEP)).isEqualTo(256.5, within(0.5));
        int drawn = sampler.countdown(4096, 0);
        assertThat(weight(sampler, drawn % Sampler.STEP - Sampler.STEP)).isEqualTo(1.58, within(0.01));
        sampler.meanBytes(4096);
        assertThat(weight(sampler, drawn % Sampler.STEP - Sampler.STEP)).isEqualTo(1.58, within(0.01));
        sampler.meanBytes(0);
        assertThat(sampler.isDue(4096, drawn % Sampler.STEP - Sampler.STEP, 0)).isFalse();
    }

    /// Each change of the mean must change the parity, or countdowns get the weight of another mean.
    @Test
    void changesByTwoThreadsAreBothCounted() throws Exception {
        Sampler sampler = new Sampler(1, () -> new SplittableRandom(1), time::get, 10);
        int changes = 1_000;
        for (int round = 0; round < 50; round++) {
            int first = 2 + round * 2 * changes;
            int parity = parity(sampler);
            try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
                for (int i = 0; i < 2; i++) {
                    int begin = first + i;
                    threads.execute(() -> {
                        for (int change = 0; change < changes; change++) {
                            sampler.meanBytes(begin + 2L * change); // no mean is set twice
                        }
                    });
                }
            }
            assertThat(parity(sampler)).as("after %d changes", 2 * changes).isEqualTo(parity);
        }
    }

    private static int parity(Sampler sampler) {
        return sampler.countdown(4096, Double.POSITIVE_INFINITY) & (Sampler.STEP / 2);
    }

    private double weight(Sampler sampler, int countdown) {
        return Objects.requireNonNull(sampler.record(owner, source, source.tag(), 4096, countdown, Set.of()))
                .weight();
    }

    @Test
    void newMeanIsNotDoubled() {
        SplittableRandom random = new SplittableRandom(7);
        Sampler sampler = new Sampler(1, () -> random, time::get, 10);
        for (int i = 0; i < 1_000; i++) {
            sampler.record(owner, source, source.tag(), 4096, -Sampler.STEP, Set.of());
        }
        assertThat(doublings(sampler)).isPositive();
        sampler.meanBytes(MEAN);
        assertThat(doublings(sampler)).isZero();
    }

    @Test
    void stacksAreBounded() {
        Sampler sampler = new Sampler(1, () -> new SplittableRandom(1), time::get, 2);
        List<CallStack> stacks = new ArrayList<>();
        for (int depth : new int[] {1, 2, 3, 1}) {
            stacks.add(atDepth(depth, sampler).stack());
        }
        assertThat(stacks.subList(0, 3)).doesNotHaveDuplicates();
        assertThat(sampler.stacks()).hasSize(2);
        assertThat(stacks.get(2).frames().getFirst()).hasToString("other.stacks");
        assertThat(stacks.get(3)).isSameAs(stacks.getFirst());
        assertThat(stacks.getFirst().frames().getFirst().method()).isEqualTo("atDepth");
    }

    private Sample atDepth(int depth, Sampler sampler) {
        return depth > 1
                ? atDepth(depth - 1, sampler)
                : Objects.requireNonNull(sampler.record(
                        this,
                        source,
                        source.tag(),
                        4096,
                        -Sampler.STEP,
                        Set.of(Sampler.class.getName(), StackTable.class.getName(), "java.util.")));
    }

    @Test
    void failedRecordingLosesTheSampleOnly() {
        Sampler sampler = new Sampler(1, () -> new SplittableRandom(1), time::get, 10);
        int[] failed = {0};
        exhaustStack(() -> {
            Sample sample = sampler.record(this, source, source.tag(), 4096, -Sampler.STEP, Set.of());
            failed[0] += sample == null ? 1 : 0;
        });
        assertThat(sampler.failures()).isEqualTo(failed[0]).isPositive();
        assertThat(source.samples())
                .allSatisfy(sample -> assertThat(sample.stack()).isNotNull());
    }

    @SuppressWarnings("InfiniteRecursion") // until the stack is exhausted
    private static void exhaustStack(Runnable atEachDepth) {
        try {
            exhaustStack(atEachDepth);
        } catch (StackOverflowError e) {
            // the frames below try again with a little more space each
        }
        try {
            atEachDepth.run();
        } catch (StackOverflowError e) {
            // no space for the call itself
        }
    }

    @Test
    void closedSourceHasNoSamples() {
        Sampler sampler = new Sampler(1, () -> new SplittableRandom(1), time::get, 10);
        Sample sample =
                Objects.requireNonNull(sampler.record(this, source, source.tag(), 4096, -Sampler.STEP, Set.of()));
        assertThat(source.samples()).containsExactly(sample);
        source.close();
        assertThat(source.samples()).isEmpty();
        sample.end();
    }

    @Test
    void meanIsChecked() {
        Sampler sampler = new Sampler(1, () -> new SplittableRandom(1), time::get, 10);
        assertThatThrownBy(() -> sampler.meanBytes(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("sampleBytes is out of bounds: sampleBytes=-1, min=0, max=1099511627776");
        assertThat(sampler.meanBytes()).isEqualTo(1);
    }
}
