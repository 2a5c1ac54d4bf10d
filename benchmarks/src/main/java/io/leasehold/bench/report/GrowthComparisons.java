package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import io.leasehold.bench.result.GrowthTopic;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// The comparisons and tables of the growth of costs with the amount of memory in use.
final class GrowthComparisons {

    private GrowthComparisons() {}

    /// {@return for each unit, the costs at the largest `n` that both sides have}
    static List<Comparison> of(Findings findings) {
        Map<String, List<Case>> byUnit = new LinkedHashMap<>();
        for (GrowthResult result : findings.growth()) {
            atLargest(result)
                    .ifPresent(sides -> byUnit.computeIfAbsent(result.topic().unit(), unit -> new ArrayList<>())
                            .add(Case.of(result.topic().title(), sides)));
        }
        List<Comparison> all = new ArrayList<>();
        byUnit.forEach((unit, cases) -> all.add(new Comparison(
                "growth-" + unit.replaceAll("\\W+", "-"),
                "growth",
                "Cost of an operation with the most memory in use, " + unit,
                "What does one operation cost at the largest N? Each cost was measured once, so there is no"
                        + " verdict.",
                unit,
                Better.LESS,
                Figure.command("growth"),
                findings.isJudged(),
                cases)));
        return all;
    }

    /// {@return the costs of both sides at the largest `n` that both have; empty if there is none}
    private static Optional<Map<Side, Stat>> atLargest(GrowthResult result) {
        List<Series> all = result.series();
        if (all.size() < 2) {
            return Optional.empty();
        }
        return all.getFirst().points().reversed().stream()
                .map(point -> at(all, point.n()))
                .filter(sides -> sides.size() == all.size())
                .findFirst();
    }

    private static Map<Side, Stat> at(List<Series> all, long n) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        for (Series series : all) {
            series.points().stream()
                    .filter(point -> point.n() == n)
                    .forEach(point -> sides.put(Side.ofAllocator(series.allocator()), Stat.of(List.of(point.cost()))));
        }
        return sides;
    }

    /// {@return the exponents of all questions, without verdicts if the machine was busy}
    static Table exponents(Findings findings) {
        Table table = new Table(
                "How costs grow with N",
                List.of("question", "allocator", "N", "cost", "unit", "exponent", "at most 0.2", "worst wait, ms"),
                new ArrayList<>());
        for (GrowthResult result : findings.growth()) {
            for (Series series : result.series()) {
                table.rows().add(exponent(result.topic(), series, findings.isJudged()));
            }
        }
        return table;
    }

    private static List<Table.Cell> exponent(GrowthTopic topic, Series series, boolean isJudged) {
        List<Point> points = series.points();
        Point first = points.getFirst();
        Point last = points.getLast();
        Exponent.Outcome outcome =
                Exponent.of(points).map(one -> one.outcome(topic)).orElse(Exponent.Outcome.UNKNOWN);
        return List.of(
                Table.text(topic.title()),
                Table.text(Side.ofAllocator(series.allocator()).title()),
                Table.number(Numbers.count(first.n()) + " to " + Numbers.count(last.n())),
                Table.number(Numbers.figure(first.cost()) + " to " + Numbers.figure(last.cost())),
                Table.text(topic.unit()),
                Table.number(Exponent.text(points)),
                isJudged ? new Table.Cell(outcome.words(), outcome.style()) : Table.verdict(Verdict.BUSY),
                figure(points.stream()
                        .map(Point::worstWaitMillis)
                        .filter(Objects::nonNull)
                        .max(Double::compare)));
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
