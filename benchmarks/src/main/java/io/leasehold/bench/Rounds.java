package io.leasehold.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;

/// The results of several rounds of the same benchmarks: put together, and round by round where that is the question.
final class Rounds {

    private static final String ONE = "OneThread";
    private static final String TWO = "TwoThreads";
    private static final String CONTROL = "control";

    private final List<Collection<RunResult>> rounds = new ArrayList<>();

    void add(Collection<RunResult> round) {
        rounds.add(round);
    }

    /// {@return one result a benchmark, with the forks of all rounds}
    Collection<RunResult> merged() {
        Map<String, List<RunResult>> byName = new LinkedHashMap<>();
        for (Collection<RunResult> round : rounds) {
            for (RunResult result : round) {
                byName.computeIfAbsent(result.getParams().id(), id -> new ArrayList<>())
                        .add(result);
            }
        }
        return byName.values().stream().map(Rounds::merge).toList();
    }

    /// {@return what a second thread gains, ours over the control's, for every class that asks: the median over the
    ///     rounds and their extremes}
    String gains() {
        Map<String, List<Double>> ratios = new TreeMap<>();
        for (Collection<RunResult> round : rounds) {
            for (RunResult one : round) {
                String name = one.getParams().getBenchmark();
                if (name.endsWith(ONE) && !name.contains("." + CONTROL)) {
                    String stem = name.substring(0, name.length() - ONE.length());
                    String control = stem.substring(0, stem.lastIndexOf('.') + 1) + CONTROL;
                    gain(round, stem)
                            .flatMap(ours -> gain(round, control).map(theirs -> ours / theirs))
                            .ifPresent(ratio -> ratios.computeIfAbsent(stem, s -> new ArrayList<>())
                                    .add(ratio));
                }
            }
        }
        StringBuilder text = new StringBuilder();
        ratios.forEach((stem, all) -> {
            List<Double> sorted = all.stream().sorted().toList();
            text.append("%nGain of a second thread, %s over private work: median %.3f, from %.3f to %.3f, %d rounds%n"
                    .formatted(
                            stem.substring(stem.lastIndexOf('.') + 1),
                            sorted.get(sorted.size() / 2),
                            sorted.getFirst(),
                            sorted.getLast(),
                            sorted.size()));
        });
        return text.toString();
    }

    private static Optional<Double> gain(Collection<RunResult> round, String stem) {
        return score(round, stem + TWO).flatMap(two -> score(round, stem + ONE).map(one -> two / one));
    }

    private static Optional<Double> score(Collection<RunResult> round, String name) {
        return round.stream()
                .filter(result -> result.getParams().getBenchmark().equals(name))
                .map(result -> result.getPrimaryResult().getScore())
                .findFirst();
    }

    private static RunResult merge(List<RunResult> results) {
        List<BenchmarkResult> forks = new ArrayList<>();
        results.forEach(result -> forks.addAll(result.getBenchmarkResults()));
        return new RunResult(results.getFirst().getParams(), forks);
    }
}
