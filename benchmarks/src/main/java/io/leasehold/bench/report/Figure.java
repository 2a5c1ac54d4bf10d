package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Case;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One figure of the results of a scenario. [FigureText] has its words.
///
/// @param <T> the result of one side in one round
/// @param id name in the anchors of the page
/// @param of the figure of a result; empty if the result does not have it
/// @param stat combines the rounds
record Figure<T>(String id, Function<T, Optional<Double>> of, Function<List<Double>, Stat> stat) {

    /// The results of one case.
    ///
    /// @param label what distinguishes the case
    /// @param isPlain true if charts show it
    /// @param sides the results of each side, in the order of the rounds
    record Row<T>(String label, boolean isPlain, Map<Side, List<T>> sides) {

        /// {@return the results of a case by allocator, in their order}
        static <T> Row<T> of(String label, Stream<T> results, Function<T, String> allocator) {
            return new Row<>(
                    label,
                    true,
                    results.collect(Collectors.groupingBy(
                            result -> Side.ofAllocator(allocator.apply(result)),
                            LinkedHashMap::new,
                            Collectors.toList())));
        }

        /// {@return the results of a case by the names of its sides}
        ///
        /// @param names of the sides, in order
        static <T> Row<T> of(String label, List<T> results, Function<T, String> name, Map<String, Side> names) {
            Map<Side, List<T>> sides = new LinkedHashMap<>();
            names.forEach((own, side) -> sides.put(
                    side,
                    results.stream()
                            .filter(result -> name.apply(result).equals(own))
                            .toList()));
            return new Row<>(label, true, sides);
        }
    }

    /// {@return a figure that every result has, with the mean of its rounds}
    static <T> Figure<T> of(String id, ToDoubleFunction<T> of) {
        return new Figure<>(id, result -> Optional.of(of.applyAsDouble(result)), Stat::of);
    }

    /// {@return the comparison of all cases; empty if no result has this figure}
    ///
    /// @param group name of the group in `-Dbench=`
    Optional<Comparison> compare(Findings findings, String group, List<Row<T>> rows) {
        List<Case> cases = rows.stream()
                .map(row -> new Case(row.label, row.isPlain, sides(row), Map.of()))
                .filter(one -> !one.sides().isEmpty())
                .toList();
        FigureText text = FigureText.of(id);
        return cases.isEmpty()
                ? Optional.empty()
                : Optional.of(new Comparison(
                        id,
                        group,
                        text.title(),
                        text.sentence(),
                        text.unit(),
                        text.better(),
                        command(group),
                        findings.isJudged(),
                        cases));
    }

    static String command(String group) {
        return "mvn -Pbench -Dbench=" + group;
    }

    private Map<Side, Stat> sides(Row<T> row) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        row.sides.forEach((side, results) -> {
            List<Double> rounds = results.stream()
                    .flatMap(result -> of.apply(result).stream())
                    .toList();
            if (!rounds.isEmpty()) {
                sides.put(side, stat.apply(rounds));
            }
        });
        return sides;
    }
}
