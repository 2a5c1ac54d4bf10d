package io.leasehold.bench.report;

import io.leasehold.bench.result.FileResult;
import io.leasehold.bench.result.FirstResult;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.Machine;
import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.QuestionText;
import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.result.StaticResult;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// The contents of a folder of results, read once. Lists of parts that were not run are empty.
record Findings(
        Machine machine,
        List<QuestionText> questions,
        List<Measurement> jmh,
        List<ServerResult> server,
        List<FileResult> files,
        List<StaticResult> statics,
        List<MemoryResult> memory,
        RingResult ring,
        List<GrowthResult> growth,
        List<FirstResult> first) {

    static Findings of(Results results) throws IOException {
        return new Findings(
                results.read(Results.MACHINE),
                results.read(Results.QUESTIONS),
                results.measurements(),
                results.read(Results.SERVER),
                results.read(Results.FILES),
                results.read(Results.STATICS),
                results.read(Results.MEMORY),
                results.read(Results.RING),
                results.read(Results.GROWTH),
                results.read(Results.FIRST));
    }

    /// {@return what a part of the report makes of a folder}
    ///
    /// @throws IOException if the folder cannot be read, or its values do not fit together
    static <T> T make(Results results, Function<Findings, T> part) throws IOException {
        Findings findings = of(results);
        try {
            return part.apply(findings);
        } catch (RuntimeException e) {
            String cause = e.toString().replaceAll("\\s+", " ");
            throw new IOException("no report can be made: folder=" + results.folder() + ", cause=" + cause, e);
        }
    }

    /// {@return true if the machine was quiet enough for verdicts}
    boolean isJudged() {
        return !machine.conditions().disturbed();
    }

    /// {@return everything that was compared, in the order of the report}
    List<Comparison> comparisons() {
        return Stream.of(
                        MemoryComparisons.of(this),
                        JmhComparisons.of(this),
                        ServerComparisons.of(this),
                        FileComparisons.of(this),
                        StaticComparisons.of(this),
                        RingComparisons.of(this),
                        GrowthComparisons.of(this),
                        FirstComparisons.of(this))
                .flatMap(List::stream)
                .toList();
    }

    /// {@return a comparison by its id}
    static Optional<Comparison> find(List<Comparison> all, String id) {
        return all.stream().filter(one -> one.id().equals(id)).findFirst();
    }
}
