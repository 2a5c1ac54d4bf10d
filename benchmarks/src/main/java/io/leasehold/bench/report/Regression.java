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

    private final List<Comparison> before; // (C)

    private Regression(List<Comparison> before) {
        this.before = before;
    }

    /// {@return an earlier run, read and checked at once}
    ///
    /// @param baseline its folder
    /// @throws IOException if the folder cannot be read
    /// @throws IllegalArgumentException if no run can be compared with it, in one sentence
    public static Regression from(Results baseline) throws IOException {
        Findings findings = Findings.of(baseline);
        if (!findings.isJudged()) {
            throw new IllegalArgumentException(
                    "machine of the baseline was busy: bench.baseline=%s, quality=%d, max=0; measure it again"
                            .formatted(
                                    baseline.folder(),
                                    findings.machine().conditions().quality()));
        }
        List<Comparison> before = Findings.make(baseline, Findings::comparisons);
        if (before.stream()
                .flatMap(comparison -> comparison.cases().stream())
                .flatMap(one -> one.ours().stream())
                .noneMatch(Stat::isEnough)) {
            throw new IllegalArgumentException(
                    "no figure of the baseline has enough rounds: bench.baseline=%s, min=%d; use bench.rounds=%d"
                            .formatted(baseline.folder(), Stat.ENOUGH, Stat.ENOUGH));
        }
        return new Regression(before);
    }

    /// {@return one sentence for each figure that became worse by more than the errors of both runs together, or one
    /// sentence that says why the runs cannot be compared}
    ///
    /// Figures with fewer than five rounds, and those that only one run has, are not compared.
    ///
    /// @param now this run
    /// @throws IOException if the folder cannot be read
    public List<String> in(Results now) throws IOException {
        Findings after = Findings.of(now);
        if (!after.isJudged()) {
            return List.of("runs cannot be compared: the machine was busy: quality=%d, max=0"
                    .formatted(after.machine().conditions().quality()));
        }
        List<String> worse = new ArrayList<>();
        int compared = 0;
        for (Comparison comparison : after.comparisons()) {
            for (Case one : comparison.cases()) {
                Optional<Stat> old = Findings.find(before, comparison.id()).flatMap(other -> ours(other, one.label()));
                Optional<Stat> current = one.ours().filter(Stat::isEnough);
                if (old.isPresent() && current.isPresent()) {
                    compared++;
                    sentence(comparison, one.label(), old.get(), current.get()).ifPresent(worse::add);
                }
            }
        }
        return compared > 0
                ? List.copyOf(worse)
                : List.of("runs cannot be compared: no figure has %d rounds in both; use bench.rounds=%d"
                        .formatted(Stat.ENOUGH, Stat.ENOUGH));
    }

    /// {@return the figure of Leasehold in a case; empty if there is none with enough rounds}
    private static Optional<Stat> ours(Comparison comparison, String label) {
        return comparison.cases().stream()
                .filter(each -> each.label().equals(label))
                .findFirst()
                .flatMap(Case::ours)
                .filter(Stat::isEnough);
    }

    private static Optional<String> sentence(Comparison comparison, String label, Stat before, Stat now) {
        boolean isMedian = before.needsMedian() || now.needsMedian();
        Stat old = isMedian ? before.median() : before;
        Stat current = isMedian ? now.median() : now;
        double change = (current.value() - old.value()) * (comparison.better() == Better.MORE ? -1 : 1);
        return change > Math.hypot(old.error(), current.error())
                ? Optional.of("worse than the baseline: %s, %s: before=%s, now=%s, unit=%s"
                        .formatted(comparison.title(), label, old.text(), current.text(), comparison.unit()))
                : Optional.empty();
    }
}
