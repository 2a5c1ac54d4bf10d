package io.leasehold.holder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Estimates are scaled to the exact count of their tag and size, and blocks without a sample are shown as such.
final class SiteScalingTest {

    private static final Tag TAG = Tag.of("scaled");

    private final List<SizeCount> counts = new ArrayList<>();
    private final MemorySource source =
            MemorySource.open(SourceKind.ALLOCATOR, "scaled", "scaled", counts, List::copyOf, of -> null);

    @AfterEach
    void close() {
        source.close();
    }

    private static CallStack stack(String method) {
        return new CallStack(List.of(new CallStack.Frame("Place", method, "", 0)));
    }

    private Site site(String method, int byteSize, int samples, double weight) {
        return new Site(source, TAG, byteSize, stack(method), samples, samples * weight, 1, weight, 7, null);
    }

    private List<Tuple> scaled(Site... sites) {
        return scaled(true, sites);
    }

    private List<Tuple> scaled(boolean wasOff, Site... sites) {
        return SiteScaling.scaled(source, List.of(sites), wasOff).stream()
                .map(site -> Tuple.tuple(site.stack().toString(), site.byteSize(), site.samples(), site.blocks()))
                .toList();
    }

    @Test
    void exactCountIsSplitByTheSamples() {
        counts.add(new SizeCount(1024, 6000));

        assertThat(scaled(site("a", 1024, 30, 128), site("b", 1024, 10, 128)))
                .containsExactly(Tuple.tuple("Place.a", 1024, 30, 4500.0), Tuple.tuple("Place.b", 1024, 10, 1500.0));
        assertThat(SiteScaling.scaled(source, List.of(site("a", 1024, 40, 100)), true)
                        .getFirst())
                .satisfies(site -> assertThat(site.lostBlocks()).isEqualTo(150, within(1e-9)))
                .satisfies(site -> assertThat(site.lostSamples()).isEqualTo(1))
                .satisfies(site -> assertThat(site.oldestNanos()).isEqualTo(7));
    }

    @Test
    void sizeWithoutASampleIsNotSampled() {
        counts.add(new SizeCount(1024, 100));
        counts.add(new SizeCount(256, 3));

        assertThat(scaled(site("a", 1024, 1, 90)))
                .containsExactly(Tuple.tuple("Place.a", 1024, 1, 100.0), Tuple.tuple("not.sampled", 256, 0, 3.0));
        assertThat(scaled())
                .containsExactly(Tuple.tuple("not.sampled", 1024, 0, 100.0), Tuple.tuple("not.sampled", 256, 0, 3.0));
    }

    /// As if sampling was off while most of the blocks were allocated.
    @Test
    void blocksBeyondChanceAreNotSampled() {
        counts.add(new SizeCount(1024, 100_000));

        assertThat(scaled(site("a", 1024, 16, 100)))
                .containsExactly(
                        Tuple.tuple("Place.a", 1024, 16, 3200.0), Tuple.tuple("not.sampled", 1024, 0, 96_800.0));
    }

    /// The mean was much higher for a time, and the samples that are there are light ones.
    @Test
    void allBlocksAreSampledIfSamplingWasNeverOff() {
        counts.add(new SizeCount(1024, 100_000));

        assertThat(scaled(false, site("a", 1024, 16, 100)))
                .containsExactly(Tuple.tuple("Place.a", 1024, 16, 100_000.0));
    }

    @Test
    void estimateWithoutAnExactCountStays() {
        assertThat(scaled(site("a", 1024, 2, 100))).containsExactly(Tuple.tuple("Place.a", 1024, 2, 200.0));
        counts.add(new SizeCount(1024, 0));
        assertThat(scaled(site("a", 1024, 2, 100))).containsExactly(Tuple.tuple("Place.a", 1024, 2, 200.0));
    }

    @Test
    void sourceThatIsNoAllocatorIsLeftAlone() {
        counts.add(new SizeCount(4096, 5));
        MemorySource arena = MemorySource.open(SourceKind.ARENA, "pages", null, counts, List::copyOf, of -> null);
        assertThat(SiteScaling.scaled(arena, List.of(), true)).isEmpty();
        arena.close();
    }

    /// Places with the same tag and size are told apart by samples only: their estimates are unbiased, and their error
    /// is that of the class comment.
    @Test
    void placesWithOneSizeAreUnbiasedAndAsExactAsPredicted() {
        SplittableRandom random = new SplittableRandom(20);
        int[] blocks = {4096, 8192, 16_384};
        int byteSize = 16_384;
        double chance = 1 / 32.0; // a mean of 512 KiB
        int all = IntStream.of(blocks).sum();
        counts.add(new SizeCount(byteSize, all));
        int runs = 400;
        double[] sums = new double[blocks.length];
        double[] squares = new double[blocks.length];
        for (int run = 0; run < runs; run++) {
            List<Site> sites = new ArrayList<>();
            for (int i = 0; i < blocks.length; i++) {
                int samples = 0;
                for (int block = 0; block < blocks[i]; block++) {
                    samples += random.nextDouble() < chance ? 1 : 0;
                }
                sites.add(site("place" + i, byteSize, samples, 1 / chance));
            }
            List<Site> scaled = SiteScaling.scaled(source, sites, true);
            assertThat(scaled.stream().mapToDouble(Site::blocks).sum()).isEqualTo(all, within(1e-6));
            for (int i = 0; i < blocks.length; i++) {
                double error = scaled.get(i).blocks() / blocks[i] - 1;
                sums[i] += error;
                squares[i] += error * error;
            }
        }
        for (int i = 0; i < blocks.length; i++) {
            double share = blocks[i] / (double) all;
            double predicted = Math.sqrt((1 - share) * (1 - chance) / (chance * blocks[i]));
            assertThat(sums[i] / runs).as("bias").isEqualTo(0, within(4 * predicted / Math.sqrt(runs)));
            assertThat(Math.sqrt(squares[i] / runs)).as("deviation").isEqualTo(predicted, within(0.15 * predicted));
        }
    }
}
