package io.leasehold.bench.report;

import static io.leasehold.bench.report.Target.atMost;

import io.leasehold.bench.result.GrowthResult;
import java.util.List;
import java.util.Optional;

/// The targets for growth: costs must not grow with the amount of memory that a process has in use.
record GrowthTargets(List<GrowthResult> results) {

    private static final String GROUP = "growth";

    /// {@return one target for each question that was measured, or a single one if none was}
    List<Target> all() {
        if (results.isEmpty()) {
            return List.of(
                    atMost(GROUP, "exponent of the cost over N, each question", Exponent.TARGET, Optional.empty()));
        }
        return results.stream()
                .filter(result -> !result.topic().touchesAll())
                .map(result -> atMost(
                        GROUP,
                        "exponent of the cost over N: " + result.topic().title(),
                        Exponent.TARGET,
                        GrowthSeries.of(result, GrowthSeries.OURS)
                                .flatMap(GrowthSeries::exponent)
                                .filter(Exponent::isFitted)
                                .map(Exponent::ratio)))
                .toList();
    }
}
