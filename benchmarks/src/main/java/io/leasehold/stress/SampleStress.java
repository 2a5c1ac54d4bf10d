package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Sample;
import io.leasehold.holder.Sampler;
import io.leasehold.holder.Site;
import io.leasehold.holder.SourceKind;
import io.leasehold.holder.StackBytes;
import java.util.List;
import java.util.Set;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/// The live samples of a source: a thread that reads them sees a sample complete, or not at all.
public final class SampleStress {

    /// So long that each block is due, and stands for itself alone.
    private static final int BYTES = 64 << 20;

    /// With these packages left out, all samples have the stack of the harness.
    private static final Set<String> HIDDEN = Set.of("io.leasehold.holder.", "io.leasehold.stress.");

    private SampleStress() {}

    /// A block object with its source, as the state of one test.
    abstract static class Block {

        private final Object user = new Object();
        final MemorySource source =
                MemorySource.open(SourceKind.ALLOCATOR, "stress", null, user, of -> List.of(), of -> null);

        /// {@return a new sample}
        ///
        /// @throws IllegalStateException if it could not be recorded
        final Sample sample() {
            Sample sample = Sampler.process().record(user, source, source.tag(), BYTES, -Sampler.STEP, HIDDEN);
            if (sample == null) {
                throw new IllegalStateException("no sample");
            }
            return sample;
        }

        /// {@return the number of complete live samples, or -1 if one is incomplete}
        final int complete() {
            int samples = 0;
            for (Site site : Site.of(List.of(source), Sampler.process().now())) {
                boolean isComplete = site.byteSize() == BYTES
                        && site.tag().equals(source.tag())
                        && site.blocks() == site.samples()
                        && !site.stack().frames().isEmpty();
                if (!isComplete) {
                    return -1;
                }
                samples += site.samples();
            }
            return samples;
        }

        /// {@return the number of live samples by the sum of their bytes; a sum below 0 counts as 0}
        final int sum() {
            long bytes = 0;
            for (StackBytes held : MemorySource.topStacks(List.of(source), Integer.MAX_VALUE)) {
                bytes += held.bytes();
            }
            return (int) (bytes / BYTES);
        }
    }

    /// A sample begins while another thread reads: it is complete when it is seen, and its bytes count once.
    @JCStressTest
    @Outcome(
            id = {"0, 0, 1", "0, 1, 1", "1, 0, 1", "1, 1, 1"},
            expect = ACCEPTABLE,
            desc = "Seen complete, or not at all.")
    @Outcome(expect = FORBIDDEN, desc = "Seen incomplete, or lost.")
    @State
    public static class Begin extends Block {

        /// Allocates.
        @Actor
        public void record() {
            sample();
        }

        /// Reads.
        @Actor
        public void read(III_Result r) {
            r.r1 = complete();
            r.r2 = sum();
        }

        /// Reads at the end.
        @Arbiter
        public void end(III_Result r) {
            r.r3 = complete() == sum() ? sum() : -1;
            source.close();
        }
    }

    /// Two samples of one stack begin and end: nothing is left.
    @JCStressTest
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "Nothing is left.")
    @Outcome(expect = FORBIDDEN, desc = "A sample or its bytes are left, or ended twice.")
    @State
    public static class Ends extends Block {

        /// Allocates and releases.
        @Actor
        public void first() {
            sample().end();
        }

        /// Allocates and releases.
        @Actor
        public void second() {
            sample().end();
        }

        /// Reads at the end.
        @Arbiter
        public void read(II_Result r) {
            r.r1 = complete();
            r.r2 = sum();
            source.close();
        }
    }
}
