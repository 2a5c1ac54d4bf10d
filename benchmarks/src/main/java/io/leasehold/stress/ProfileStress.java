package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.holder.Held;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Sample;
import io.leasehold.holder.Sampler;
import io.leasehold.holder.Site;
import io.leasehold.holder.SourceKind;
import io.leasehold.holder.Tag;
import io.leasehold.holder.TagCount;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/// The profile of a source: exact counts of tags, the mean of the sampler, and samples that are read while they change.
public final class ProfileStress {

    private static final int SMALL = 64;
    private static final int LARGE = 128;

    /// So long that each block is due, and stands for itself alone.
    private static final int BYTES = 64 << 20;

    private static final Tag TAG = Tag.of("stress");
    private static final Set<String> HIDDEN = Set.of("io.leasehold.holder.", "io.leasehold.stress.");

    private ProfileStress() {}

    /// A source without blocks of its own, as the state of one test.
    abstract static class Source {

        final Object user = new Object();
        final MemorySource source =
                MemorySource.open(SourceKind.ALLOCATOR, "stress", null, user, of -> List.of(), of -> null);

        final TagCount count(int byteSize) {
            return Objects.requireNonNull(source.count(TAG, byteSize));
        }

        /// {@return the number of blocks of one size that the source reports under the tag, or -1 if it reports others}
        final int held(int byteSize) {
            int blocks = 0;
            for (Held held : source.held()) {
                if (!held.tag().equals(TAG) || held.blocks() <= 0) {
                    return -1;
                }
                blocks += held.byteSize() == byteSize ? (int) held.blocks() : 0;
            }
            return blocks;
        }

        final Sample sample(Sampler sampler) {
            return Objects.requireNonNull(sampler.record(user, source, TAG, BYTES, -Sampler.STEP, HIDDEN));
        }

        final List<Site> sites() {
            return Site.of(List.of(source), Sampler.process().now());
        }
    }

    /// Two threads make the same count and add to it, and one of them reads before: both blocks count, until they end.
    @JCStressTest
    @Outcome(
            id = {"0, 2, 0", "1, 2, 0"},
            expect = ACCEPTABLE,
            desc = "Both blocks count, until they end.")
    @Outcome(expect = FORBIDDEN, desc = "A block was lost or counted twice.")
    @State
    public static class Adds extends Source {

        /// Allocates a block.
        @Actor
        public void first() {
            count(SMALL).add();
        }

        /// Reads, and allocates a block.
        @Actor
        public void second(III_Result r) {
            r.r1 = held(SMALL);
            count(SMALL).add();
        }

        /// Reads at the end, and after both blocks were released by one thread.
        @Arbiter
        public void end(III_Result r) {
            r.r2 = held(SMALL);
            count(SMALL).end(user);
            count(SMALL).end(user);
            r.r3 = held(SMALL);
            source.close();
        }
    }

    /// A block changes its size while another thread reads and releases a block of the old size: the first one counts
    /// with its new size, and no number is negative.
    @JCStressTest
    @Outcome(
            id = {"0, 0, 1", "1, 0, 1"},
            expect = ACCEPTABLE,
            desc = "One block is left, with the new size.")
    @Outcome(expect = FORBIDDEN, desc = "A block was lost or counted twice.")
    @State
    public static class Resize extends Source {

        private final TagCount small = count(SMALL);

        /// Allocates two blocks.
        public Resize() {
            small.add();
            small.add();
        }

        /// Changes the size of a block.
        @Actor
        public void resize() {
            Objects.requireNonNull(small.resized(LARGE));
        }

        /// Reads, and releases the other block.
        @Actor
        public void release(III_Result r) {
            r.r1 = held(LARGE);
            small.end(user);
        }

        /// Reads at the end.
        @Arbiter
        public void end(III_Result r) {
            r.r2 = held(SMALL);
            r.r3 = held(LARGE);
            source.close();
        }
    }

    /// A sampler whose random numbers are 1, so that a countdown tells the mean that it was drawn with. All means are
    /// multiples of 1,000 bytes.
    abstract static class Drawing extends Source {

        private static final int UNIT = 1000;

        final Sampler sampler = new Sampler(UNIT, () -> One.ONE, () -> 0, 1);
        int countdown; // (O) the thread that draws, then the arbiter

        /// Draws a countdown.
        ///
        /// @return the mean that it was drawn with
        final int draw() {
            countdown = sampler.countdown(1, 0);
            return Math.round((float) countdown / Sampler.STEP / UNIT);
        }

        /// {@return the mean that the weight of a sample with the countdown stands for}
        final int weighed() {
            int ended = Math.floorMod(countdown, Sampler.STEP) - Sampler.STEP;
            Sample sample = Objects.requireNonNull(sampler.record(user, source, TAG, 1, ended, HIDDEN));
            double weight = sites().getFirst().blocks();
            sample.end();
            return (int) Math.round(-1 / Math.log1p(-1 / weight) / UNIT);
        }
    }

    /// Random numbers that are all 1.
    private enum One implements RandomGenerator {
        ONE;

        @Override
        public long nextLong() {
            return 1;
        }

        @Override
        public double nextExponential() {
            return 1;
        }
    }

    /// The mean changes while a countdown is drawn and ends: the weight is that of the mean of the countdown.
    @JCStressTest
    @Outcome(
            id = {"1, 1, 1", "2, 2, 2"},
            expect = ACCEPTABLE,
            desc = "The weight is that of the mean that the countdown was drawn with.")
    @Outcome(expect = FORBIDDEN, desc = "The weight is that of another mean.")
    @State
    public static class MeanChange extends Drawing {

        /// Changes the mean.
        @Actor
        public void change() {
            sampler.meanBytes(2 * Drawing.UNIT);
        }

        /// Draws a countdown, and records a sample with it.
        @Actor
        public void sampleNow(III_Result r) {
            r.r1 = draw();
            r.r2 = weighed();
        }

        /// Records a sample with the same countdown after the change.
        @Arbiter
        public void sampleLater(III_Result r) {
            r.r3 = weighed();
            source.close();
        }
    }

    /// Two threads change the mean, and one of them draws a countdown: the second change keeps the weight of a
    /// countdown that was drawn with the first of the new means.
    @JCStressTest
    @Outcome(
            id = {"2, 2", "3, 3"},
            expect = ACCEPTABLE,
            desc = "The weight is that of the mean that the countdown was drawn with.")
    @Outcome(expect = FORBIDDEN, desc = "The weight is that of another mean, or a change was lost.")
    @State
    public static class TwoMeanChanges extends Drawing {

        /// Changes the mean, and draws a countdown.
        @Actor
        public void changeAndDraw(II_Result r) {
            sampler.meanBytes(2 * Drawing.UNIT);
            r.r1 = draw();
        }

        /// Changes the mean.
        @Actor
        public void change() {
            sampler.meanBytes(3 * Drawing.UNIT);
        }

        /// Records a sample with the countdown.
        @Arbiter
        public void end(II_Result r) {
            r.r2 = weighed();
            source.close();
        }
    }

    /// A sample is touched and ends while another thread reads: it is seen complete, with the place or without, or not
    /// at all.
    @JCStressTest
    @Outcome(
            id = {"0, 0", "1, 0", "2, 0"},
            expect = ACCEPTABLE,
            desc = "No sample, or one without the place, or with it.")
    @Outcome(expect = FORBIDDEN, desc = "A sample or a place is incomplete, or a sample is left.")
    @State
    public static class Touch extends Source {

        private static final String PLACE = "place";

        private final Sample sample = sample(Sampler.process());

        /// Touches the block, and releases it.
        @Actor
        public void touchAndRelease() {
            sample.touch(new String(PLACE.toCharArray()));
            sample.end();
        }

        /// Reads.
        @Actor
        public void read(II_Result r) {
            r.r1 = state();
        }

        /// Reads at the end.
        @Arbiter
        public void end(II_Result r) {
            r.r2 = state();
            source.close();
        }

        private int state() {
            List<Site> sites = sites();
            if (sites.isEmpty()) {
                return 0;
            }
            @Nullable String place = sites.getFirst().lastTouch();
            boolean isComplete =
                    sites.size() == 1 && sites.getFirst().samples() == 1 && (place == null || place.equals(PLACE));
            return !isComplete ? -1 : place == null ? 1 : 2;
        }
    }

    /// A sample begins while the source is closed: the source is not open at the end, and nothing of the sample is left
    /// once the sample has ended.
    @JCStressTest
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "Nothing is left.")
    @Outcome(expect = FORBIDDEN, desc = "The source is open, or a sample or its bytes are left.")
    @State
    public static class Close extends Source {

        private @Nullable Sample begun; // (O) the thread that allocates, then the arbiter

        /// Allocates.
        @Actor
        public void allocate() {
            begun = sample(Sampler.process());
        }

        /// Closes the source.
        @Actor
        public void close() {
            source.close();
        }

        /// Releases, and reads.
        @Arbiter
        public void end(III_Result r) {
            Objects.requireNonNull(begun).end();
            r.r1 = MemorySource.all().contains(source) ? 1 : 0;
            r.r2 = sites().size();
            r.r3 = MemorySource.topStacks(List.of(source), 1).size();
        }
    }
}
