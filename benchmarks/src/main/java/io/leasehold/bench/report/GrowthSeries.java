package io.leasehold.bench.report;

import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import io.leasehold.bench.result.GrowthTopic;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/// The texts of one series in the tables.
///
/// @param series with at least one point
record GrowthSeries(Series series) {

    static final String OURS = "leased";
    static final String THEIRS = "adaptive";

    private static final String NOTHING = "–";

    /// {@return the series of one allocator; empty if it was not measured}
    static Optional<GrowthSeries> of(GrowthResult result, String allocator) {
        return result.series().stream()
                .filter(series ->
                        series.allocator().equals(allocator) && !series.points().isEmpty())
                .map(GrowthSeries::new)
                .findFirst();
    }

    /// {@return Netty's cost divided by Leasehold's at the largest `n` that both have; empty if there is none}
    static Optional<Ratio> theirsOverOurs(GrowthResult result) {
        return of(result, OURS)
                .flatMap(ours -> of(result, THEIRS)
                        .flatMap(theirs -> ours.points().reversed().stream()
                                .flatMap(point -> theirs.points().stream()
                                        .filter(other -> other.n() == point.n())
                                        .map(other -> new Ratio(other.cost() / point.cost(), Double.NaN)))
                                .findFirst()));
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
        return exponent().map(Exponent::toString).orElse(NOTHING);
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
        return worst.isPresent() ? Numbers.figure(worst.getAsDouble()) : NOTHING;
    }
}
