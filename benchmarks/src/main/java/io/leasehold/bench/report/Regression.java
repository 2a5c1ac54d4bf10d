package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// An earlier run, with which the figures of Leasehold are compared.
public final class Regression {

    private final Findings before; // (C)

    private Regression(Findings before) {
        this.before = before;
    }

    /// {@return an earlier run, read at once}
    ///
    /// @param baseline its folder
    /// @throws IOException if the folder cannot be read
    public static Regression from(Results baseline) throws IOException {
        return new Regression(Findings.of(baseline));
    }

    /// {@return one sentence for each figure that became worse by more than the errors of both runs together, or one
    /// sentence that says why the runs cannot be compared}
    ///
    /// Figures without an error, and those that only one run has, are not compared.
    ///
    /// @param now this run
    /// @throws IOException if the folder cannot be read
    public List<String> in(Results now) throws IOException {
        Findings after = Findings.of(now);
        if (!before.isJudged() || !after.isJudged()) {
            return List.of(
                    "runs cannot be compared: the machine was busy in one of them: quality=%d, baseline quality=%d"
                            .formatted(
                                    after.machine().conditions().quality(),
                                    before.machine().conditions().quality()));
        }
        List<String> worse = new ArrayList<>();
        List<Comparison> earlier = before.comparisons();
        for (Comparison comparison : after.comparisons()) {
            Findings.find(earlier, comparison.id())
                    .ifPresent(other -> comparison
                            .cases()
                            .forEach(one -> other.cases().stream()
                                    .filter(each -> each.label().equals(one.label()))
                                    .findFirst()
                                    .flatMap(each -> sentence(comparison, each, one))
                                    .ifPresent(worse::add)));
        }
        return List.copyOf(worse);
    }

    private static Optional<String> sentence(Comparison comparison, Case before, Case after) {
        if (before.ours().isEmpty() || after.ours().isEmpty()) {
            return Optional.empty();
        }
        Stat old = before.ours().get();
        Stat current = after.ours().get();
        double change = (current.value() - old.value()) * (comparison.better() == Better.MORE ? -1 : 1);
        return change > Math.hypot(old.error(), current.error())
                ? Optional.of("worse than the baseline: %s, %s: before=%s, now=%s, unit=%s"
                        .formatted(comparison.title(), after.label(), old.text(), current.text(), comparison.unit()))
                : Optional.empty();
    }
}
