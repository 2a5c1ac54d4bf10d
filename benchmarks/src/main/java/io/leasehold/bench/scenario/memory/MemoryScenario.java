package io.leasehold.bench.scenario.memory;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.scenario.memory.MemoryPlan.Term;
import io.leasehold.bench.subject.Allocators;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The memory scenario: the memory of each allocator in each of its terms, each in a JVM of its own ([MemoryProcess]).
public final class MemoryScenario {

    private static final double MIB = 1 << 20;
    private static final int LIMIT_MILLIS = 180_000;

    /// The last flag switches C2 off, because C2 sometimes uses about 10 MiB for itself.
    private static final List<String> FLAGS = List.of(
            Allocators.MIN_HEAP,
            Allocators.MAX_HEAP,
            Allocators.NATIVE,
            "-XX:+AlwaysPreTouch",
            "-Dio.netty.maxDirectMemory=" + (4L << 30),
            "-XX:TieredStopAtLevel=1");

    private MemoryScenario() {}

    /// Runs a plan. A failure is reported, and its term is left out.
    ///
    /// @param out receives lines that say what runs, how much time is left, and what was measured
    /// @throws IOException if every term failed
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public static List<MemoryResult> run(MemoryPlan plan, Consumer<String> out)
            throws IOException, InterruptedException {
        return plan.terms().run(MemoryScenario::run, MemoryScenario::text, out);
    }

    private static MemoryResult run(Term term) throws IOException, InterruptedException {
        try (ChargedGroup group = ChargedGroup.open()) {
            List<String> args =
                    List.of(term.allocator(), term.scenario(), Boolean.toString(term.isLong()), group.usageFile());
            try (ChildJvm child = ChildJvm.start("the memory scenario", MemoryProcess.class, FLAGS, args)) {
                group.add(child.pid());
                return read(term, child);
            }
        }
    }

    private static MemoryResult read(Term term, ChildJvm child) throws IOException, InterruptedException {
        List<Moment> moments = new ArrayList<>();
        @Nullable Double fill = null;
        long start = System.nanoTime();
        try (ResidentCurve curve = new ResidentCurve(child.pid())) {
            Moment before = child.await(MemoryProcess.PREFIX, Moment.class, LIMIT_MILLIS);
            long begin = System.nanoTime() - start;
            long end = begin;
            while (true) {
                String line = child.await(MemoryProcess.PREFIX, LIMIT_MILLIS);
                if (line.startsWith(MemoryProcess.FILLED)) {
                    fill = Long.parseLong(line.substring(MemoryProcess.FILLED.length())) / 1e6;
                } else if (line.equals(MemoryProcess.CLOSED)) {
                    List<Sample> samples = between(begin / 1_000_000, end / 1_000_000, before, curve.stop());
                    return new MemoryResult(term.round(), term.scenario(), term.allocator(), fill, moments, samples);
                } else {
                    moments.add(since(before, ChildJvm.parse(line, Moment.class)));
                    end = System.nanoTime() - start;
                }
            }
        }
    }

    /// {@return the samples without the start and the end of the process}
    private static List<Sample> between(long beginMillis, long endMillis, Moment before, List<Sample> samples) {
        return samples.stream()
                .filter(sample -> sample.millis() >= beginMillis && sample.millis() <= endMillis)
                .map(sample ->
                        new Sample(sample.millis() - beginMillis, sample.residentBytes() - before.residentBytes()))
                .toList();
    }

    private static Moment since(Moment before, Moment moment) {
        return new Moment(
                moment.name(),
                moment.liveBytes(),
                moment.residentBytes() - before.residentBytes(),
                moment.heapBytes() - before.heapBytes(),
                moment.chargedBytes() - before.chargedBytes());
    }

    private static String text(MemoryResult result) {
        return result.moments().stream()
                .map(moment -> String.format(Locale.ROOT, "%s %+.0f MiB", moment.name(), moment.residentBytes() / MIB))
                .toList()
                .toString();
    }
}
