package io.leasehold.bench.report;

import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import io.leasehold.bench.result.GrowthTopic;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/// The texts of one series in the tables.
///
/// @param series with at least one point
record GrowthSeries(Series series) {

    /// {@return the costs of both sides at the largest `n` that both have; empty if there is none}
    static Optional<Map<Side, Stat>> atLargest(GrowthResult result) {
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
                    .forEach(point ->
                            sides.put(Side.ofAllocator(series.allocator()), GrowthComparisons.once(point.cost())));
        }
        return sides;
    }

    List<Point> points() {
        return series.points();
    }

    Side side() {
        return Side.ofAllocator(series.allocator());
    }

    Optional<Exponent> exponent() {
        return Exponent.of(points());
    }

    Exponent.Outcome outcome(GrowthTopic topic) {
        return exponent().map(one -> one.outcome(topic)).orElse(Exponent.Outcome.UNKNOWN);
    }

    /// {@return the exponent as text}
    String exponentText() {
        return exponent().map(Exponent::toString).orElse(Table.NOTHING);
    }

    /// {@return the smallest and the largest `n`}
    String rangeText() {
        return Numbers.count(points().getFirst().n()) + " to "
                + Numbers.count(points().getLast().n());
    }

    /// {@return the cost at the smallest and at the largest `n`}
    String costText() {
        return Numbers.figure(points().getFirst().cost()) + " to "
                + Numbers.figure(points().getLast().cost());
    }

    /// {@return the longest wait at any `n`, in milliseconds}
    String worstWaitText() {
        OptionalDouble worst = points().stream()
                .map(Point::worstWaitMillis)
                .filter(Objects::nonNull)
                .mapToDouble(Double::doubleValue)
                .max();
        return worst.isPresent() ? Numbers.figure(worst.getAsDouble()) : Table.NOTHING;
    }
}
