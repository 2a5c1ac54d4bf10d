package io.leasehold.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;

/// The merged results of several rounds of the same benchmarks.
final class Rounds {

    private final Map<String, List<RunResult>> byName = new LinkedHashMap<>();

    void add(Collection<RunResult> round) {
        for (RunResult result : round) {
            byName.computeIfAbsent(result.getParams().id() + result.getParams().getJvmArgs(), id -> new ArrayList<>())
                    .add(result);
        }
    }

    /// {@return one result for each benchmark and JVM, with the forks of all rounds in order}
    Collection<RunResult> merged() {
        return byName.values().stream().map(Rounds::merge).toList();
    }

    private static RunResult merge(List<RunResult> results) {
        List<BenchmarkResult> forks = new ArrayList<>();
        results.forEach(result -> forks.addAll(result.getBenchmarkResults()));
        return new RunResult(results.getFirst().getParams(), forks);
    }
}
