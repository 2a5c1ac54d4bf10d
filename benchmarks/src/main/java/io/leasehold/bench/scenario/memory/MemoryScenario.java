package io.leasehold.bench.scenario.memory;

import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.scenario.memory.MemoryPlan.Term;
import io.leasehold.bench.subject.Allocators;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The memory scenario: the memory of each allocator in each of its terms, each in a JVM of its own ([MemoryProcess]).
public final class MemoryScenario {

    private static final long NANOS_PER_MILLI = 1_000_000;

    /// Without C2, which sometimes uses about ten MiB for itself.
    private static final String C1_ONLY = "-XX:TieredStopAtLevel=1";

    private final Consumer<String> progress;

    private MemoryScenario(Consumer<String> progress) {
        this.progress = progress;
    }

    /// Runs a plan. A failure is reported, and its term is left out.
    ///
    /// @param progress receives lines that say what runs and how much time is left
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public static List<MemoryResult> run(MemoryPlan plan, Consumer<String> progress) throws InterruptedException {
        List<MemoryResult> results = new ArrayList<>();
        long left = plan.expectedSeconds();
        for (int i = 0; i < plan.terms().size(); i++) {
            Term term = plan.terms().get(i);
            progress.accept("memory %d of %d: %s, %s; about %d s left"
                    .formatted(i + 1, plan.terms().size(), term.scenario(), term.allocator(), left));
            try {
                results.add(new MemoryScenario(progress).run(term));
            } catch (IOException | IllegalStateException e) {
                progress.accept(
                        "memory: failed and left out: %s, %s: %s".formatted(term.scenario(), term.allocator(), e));
            }
            left -= term.expectedSeconds();
        }
        return results;
    }

    private MemoryResult run(Term term) throws IOException, InterruptedException {
        try (ChargedGroup group = ChargedGroup.open()) {
            Process child = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            Allocators.MIN_HEAP,
                            Allocators.MAX_HEAP,
                            Allocators.NATIVE,
                            "-XX:+AlwaysPreTouch",
                            C1_ONLY,
                            "-Dio.netty.maxDirectMemory=" + (4L << 30),
                            "-cp",
                            System.getProperty("java.class.path"),
                            MemoryProcess.class.getName(),
                            term.allocator(),
                            term.scenario(),
                            Boolean.toString(term.isLong()),
                            group.usageFile())
                    .redirectErrorStream(true)
                    .start();
            try {
                group.add(child);
                return read(term, child);
            } finally {
                child.destroyForcibly().waitFor();
            }
        }
    }

    private MemoryResult read(Term term, Process child) throws IOException, InterruptedException {
        List<Moment> moments = new ArrayList<>();
        Moment before = null;
        @Nullable Double fill = null;
        List<Sample> curve = List.of();
        try (BufferedReader lines =
                        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
                ResidentCurve reading = new ResidentCurve(child.pid())) {
            long start = System.nanoTime();
            long begin = start;
            long end = start;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(MemoryProcess.FILLED)) {
                    fill = Long.parseLong(line.substring(MemoryProcess.FILLED.length())) / (double) NANOS_PER_MILLI;
                } else if (!line.startsWith(MemoryProcess.MARK)) {
                    progress.accept(line);
                } else if (before == null) {
                    before = moment(line);
                    begin = System.nanoTime() - start;
                } else {
                    moments.add(since(before, moment(line)));
                    end = System.nanoTime() - start;
                }
            }
            if (before != null) {
                curve = between(begin / NANOS_PER_MILLI, end / NANOS_PER_MILLI, before.residentBytes(), reading.stop());
            }
        }
        if (child.waitFor() != 0 || before == null) {
            throw new IllegalStateException("its JVM failed: exit=" + child.exitValue());
        }
        return new MemoryResult(term.round(), term.scenario(), term.allocator(), fill, moments, curve);
    }

    /// {@return the samples without the start and the end of the process}
    private static List<Sample> between(long beginMillis, long endMillis, long bytesBefore, List<Sample> samples) {
        return samples.stream()
                .filter(sample -> sample.millis() >= beginMillis && sample.millis() <= endMillis)
                .map(sample -> new Sample(sample.millis() - beginMillis, sample.residentBytes() - bytesBefore))
                .toList();
    }

    private static Moment moment(String line) {
        String[] fields = line.split(" ", -1);
        return new Moment(
                fields[1],
                Long.parseLong(fields[2]),
                Long.parseLong(fields[3]),
                Long.parseLong(fields[4]),
                Long.parseLong(fields[5]));
    }

    private static Moment since(Moment before, Moment moment) {
        return new Moment(
                moment.name(),
                moment.liveBytes(),
                moment.residentBytes() - before.residentBytes(),
                moment.heapBytes() - before.heapBytes(),
                moment.chargedBytes() - before.chargedBytes());
    }
}
