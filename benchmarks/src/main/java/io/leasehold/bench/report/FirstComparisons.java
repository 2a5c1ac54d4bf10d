package io.leasehold.bench.report;

import io.leasehold.bench.report.Figure.Row;
import io.leasehold.bench.result.FirstResult;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// The comparisons of the first buffer of a JVM.
final class FirstComparisons {

    private static final String OPTION = "leased";
    private static final String AGENT = "agent";

    private static final List<Figure<FirstResult>> FIGURES =
            List.of(median("first-cpu", FirstResult::cpuMillis), median("first-wall", FirstResult::wallMillis));

    private FirstComparisons() {}

    static List<Comparison> of(Findings findings) {
        List<Row<FirstResult>> rows = List.of(
                row(findings, "cold JVM", false, OPTION, AGENT),
                row(findings, "cold JVM, with the agent", false, AGENT, OPTION),
                row(findings, "Netty is warm", true, OPTION, AGENT),
                row(findings, "Netty is warm, with the agent", true, AGENT, OPTION));
        return FIGURES.stream()
                .flatMap(figure -> figure.compare(findings, "first", rows).stream())
                .toList();
    }

    private static Figure<FirstResult> median(String id, ToDoubleFunction<FirstResult> of) {
        return new Figure<>(id, result -> Optional.of(of.applyAsDouble(result)), Stat::ofTail);
    }

    /// @param ours name of Leasehold in this case
    /// @param left name of Leasehold in the other case
    private static Row<FirstResult> row(Findings findings, String label, boolean isWarm, String ours, String left) {
        return Row.of(
                label,
                findings.first().stream()
                        .filter(result -> result.isWarm() == isWarm)
                        .filter(result -> !result.allocator().equals(left)),
                result -> result.allocator().equals(ours) ? OPTION : result.allocator());
    }
}
