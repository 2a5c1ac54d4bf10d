package io.leasehold.bench.report;

import io.leasehold.bench.result.FileResult;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.Machine;
import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.result.ServerResult;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;

/// The contents of a folder of results, read once. Lists of parts that were not run are empty.
record Findings(
        Machine machine,
        List<Measurement> jmh,
        List<ServerResult> server,
        List<FileResult> files,
        List<MemoryResult> memory,
        RingResult ring,
        List<GrowthResult> growth) {

    static Findings of(Results results) throws IOException {
        return new Findings(
                results.machine(),
                results.measurements(),
                results.server(),
                results.files(),
                results.memory(),
                results.ring(),
                results.growth());
    }

    /// {@return the questions that JMH benchmarks measured, in the order of the report}
    List<Question> questions() {
        return jmh.stream()
                .map(Measurement::question)
                .distinct()
                .sorted(Comparator.comparingInt(Question::order))
                .map(Question::of)
                .toList();
    }

    List<Measurement> of(Question question) {
        return jmh.stream()
                .filter(one -> one.question().equals(question.className()))
                .toList();
    }

    /// {@return the loads of the server, in the order of the results}
    List<Load> loads() {
        return server.stream().map(Load::of).distinct().toList();
    }

    /// {@return the names of the memory scenarios, in the order of the results}
    List<String> scenarios() {
        return memory.stream().map(MemoryResult::scenario).distinct().toList();
    }
}
