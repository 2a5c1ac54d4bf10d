package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The comparisons and tables of the growth of costs with the amount of memory in use.
final class GrowthComparisons {

    /// Single measurements that differ by less than this share are equal.
    private static final double NOISE = 0.1;

    private GrowthComparisons() {}

    /// {@return for each unit, the costs at the largest `n` that both sides have}
    static List<Comparison> of(Findings findings) {
        Map<String, List<Case>> byUnit = new LinkedHashMap<>();
        for (GrowthResult result : findings.growth()) {
            GrowthSeries.atLargest(result)
                    .ifPresent(sides -> byUnit.computeIfAbsent(result.topic().unit(), unit -> new ArrayList<>())
                            .add(Case.of(result.topic().title(), sides)));
        }
        List<Comparison> all = new ArrayList<>();
        byUnit.forEach((unit, cases) -> all.add(new Comparison(
                "growth-" + unit.replaceAll("\\W+", "-"),
                "growth",
                "Cost of an operation with the most memory in use, " + unit,
                "What does one operation cost at the largest N? Each cost was measured once; a difference below 14 % is"
                        + " called equal.",
                unit,
                Better.LESS,
                Figure.command("growth"),
                findings.isJudged(),
                cases)));
        return all;
    }

    static Stat once(double cost) {
        return Stat.reading(cost, NOISE * cost);
    }

    /// {@return the exponents of all questions}
    static Table exponents(List<GrowthResult> results) {
        Table table = new Table(
                "How costs grow with N",
                List.of("question", "allocator", "N", "cost", "unit", "exponent", "at most 0.2", "worst wait, ms"),
                new ArrayList<>());
        for (GrowthResult result : results) {
            for (Series each : result.series()) {
                if (!each.points().isEmpty()) {
                    GrowthSeries series = new GrowthSeries(each);
                    Exponent.Outcome outcome = series.outcome(result.topic());
                    table.rows()
                            .add(List.of(
                                    Table.text(result.topic().title()),
                                    Table.text(series.side().title()),
                                    Table.number(series.rangeText()),
                                    Table.number(series.costText()),
                                    Table.text(result.topic().unit()),
                                    Table.number(series.exponentText()),
                                    new Table.Cell(outcome.words(), outcome.style()),
                                    Table.number(series.worstWaitText())));
                }
            }
        }
        return table;
    }

    /// {@return all points of a question}
    static Table points(GrowthResult result) {
        Set<String> others = new LinkedHashSet<>();
        result.series()
                .forEach(series -> series.points()
                        .forEach(point -> others.addAll(point.others().keySet())));
        List<String> headings = new ArrayList<>(List.of(
                "N, " + result.topic().growing(), "allocator", result.topic().unit(), "worst wait, ms"));
        headings.addAll(others);
        Table table = new Table(result.topic().title(), headings, new ArrayList<>());
        for (Series series : result.series()) {
            for (Point point : series.points()) {
                List<Table.Cell> row = new ArrayList<>(List.of(
                        Table.number(Numbers.plain((double) point.n(), 0)),
                        Table.text(Side.ofAllocator(series.allocator()).title()),
                        Table.number(Numbers.figure(point.cost())),
                        figure(Optional.ofNullable(point.worstWaitMillis()))));
                others.forEach(name ->
                        row.add(figure(Optional.ofNullable(point.others().get(name)))));
                table.rows().add(row);
            }
        }
        return table;
    }

    private static Table.Cell figure(Optional<Double> value) {
        return Table.number(value.map(Numbers::figure).orElse(Table.NOTHING));
    }
}
