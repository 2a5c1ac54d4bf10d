package io.leasehold.bench;

import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.server.ResidentCurve;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The memory scenario: the memory of each allocator during and after each [Footprint], each in its own JVM.
final class Footprints {

    /// One JVM.
    private record Term(String scenario, String allocator, boolean minute) {

        long expectedSeconds() {
            return minute ? 66 : scenario.startsWith("steady") ? 4 : 6;
        }
    }

    private static final List<String> ALLOCATORS = List.of("leased", "adaptive", "pooled");
    private static final List<String> BURSTS = List.of("burst4k", "survivors256", "burst64k");
    private static final List<String> OTHERS = List.of("steadyGateway", "threads", "steadyProxy");
    private static final long NANOS_PER_MILLI = 1_000_000;

    /// Without C2, which sometimes uses about ten MiB for itself.
    private static final String C1_ONLY = "-XX:TieredStopAtLevel=1";

    private final Consumer<String> progress;

    private Footprints(Consumer<String> progress) {
        this.progress = progress;
    }

    /// {@return the expected duration of a form in seconds}
    static long expectedSeconds(Form form) {
        return terms(form).stream().mapToLong(Term::expectedSeconds).sum();
    }

    /// Runs the scenarios of a form: one burst in `ci`, two bursts and two others in `short`, all of them in `full`,
    /// with another measurement after a minute. A failure is reported, and its scenario is left out.
    ///
    /// @param progress receives lines that say what runs and how much time is left
    static List<MemoryResult> run(Form form, Consumer<String> progress) throws InterruptedException {
        List<MemoryResult> results = new ArrayList<>();
        List<Term> terms = terms(form);
        long left = expectedSeconds(form);
        for (int i = 0; i < terms.size(); i++) {
            Term term = terms.get(i);
            progress.accept("memory %d of %d: %s, %s; about %d s left"
                    .formatted(i + 1, terms.size(), term.scenario, term.allocator, left));
            try {
                results.add(new Footprints(progress).run(term));
            } catch (IOException | IllegalStateException e) {
                progress.accept("memory: failed and left out: %s, %s: %s".formatted(term.scenario, term.allocator, e));
            }
            left -= term.expectedSeconds();
        }
        return results;
    }

    private static List<Term> terms(Form form) {
        int bursts = form == Form.CI ? 1 : form == Form.SHORT ? 2 : BURSTS.size();
        int others = form == Form.CI ? 0 : form == Form.SHORT ? 2 : OTHERS.size();
        List<Term> terms = new ArrayList<>();
        for (String scenario : BURSTS.subList(0, bursts)) {
            ALLOCATORS.forEach(allocator -> terms.add(new Term(scenario, allocator, form == Form.FULL)));
        }
        for (String scenario : OTHERS.subList(0, others)) {
            ALLOCATORS.forEach(allocator -> terms.add(new Term(scenario, allocator, false)));
        }
        return terms;
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
                            Footprint.class.getName(),
                            term.allocator,
                            term.scenario,
                            Boolean.toString(term.minute),
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
        List<Sample> curve = List.of();
        try (BufferedReader lines =
                        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
                ResidentCurve reading = new ResidentCurve(child.pid())) {
            long start = System.nanoTime();
            long begin = start;
            long end = start;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.startsWith(Footprint.MARK)) {
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
        return new MemoryResult(term.scenario, term.allocator, moments, curve);
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
