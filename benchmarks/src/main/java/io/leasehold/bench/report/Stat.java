package io.leasehold.bench.report;

import io.leasehold.bench.result.Tail;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.util.ListStatistics;

/// A figure with its error.
///
/// @param value mean of the rounds, or their median if the figure is a tail
/// @param error half of the 99.9 % interval; half of the range for a tail and for fewer than five rounds; for a
///     reading, how much readings vary; NaN if unknown
/// @param rounds the figure in each round; empty if only `value` is known
/// @param kind how `value` was computed
record Stat(double value, double error, List<Double> rounds, Kind kind) {

    /// Number of rounds from which on a mean or a median is shown.
    static final int ENOUGH = 5;

    private static final double CONFIDENCE = 0.999;

    /// How a figure was computed.
    enum Kind {
        /// The mean of rounds; each side ran once in a round.
        ROUNDS,
        /// The median of such rounds, for percentiles and maxima.
        TAIL,
        /// By JMH.
        ALONE,
        /// One reading. Its error is how much such readings vary.
        READING
    }

    static Stat of(List<Double> rounds) {
        ListStatistics all = new ListStatistics(
                rounds.stream().mapToDouble(Double::doubleValue).toArray());
        double error = rounds.size() < ENOUGH ? Tail.halfRange(rounds) : all.getMeanErrorAt(CONFIDENCE);
        return new Stat(all.getMean(), error, rounds, Kind.ROUNDS);
    }

    /// {@return the median of rounds with their range}
    static Stat ofTail(List<Double> rounds) {
        return new Stat(Tail.median(rounds), Tail.halfRange(rounds), rounds, Kind.TAIL);
    }

    /// {@return one reading}
    ///
    /// @param noise by how much such readings vary
    static Stat reading(double value, double noise) {
        return new Stat(value, noise, List.of(value), Kind.READING);
    }

    /// {@return true if there were enough rounds for a verdict}
    boolean isEnough() {
        return kind == Kind.ALONE || kind == Kind.READING || rounds.size() >= ENOUGH;
    }

    /// {@return this figure divided by `other`} Rounds are paired, so that a machine that slows down affects both.
    Ratio over(Stat other) {
        boolean paired = kind == Kind.ROUNDS
                && other.kind == Kind.ROUNDS
                && rounds.size() > 1
                && rounds.size() == other.rounds.size();
        if (!paired) {
            return Ratio.of(value / other.value, error / value, other.error / other.value);
        }
        Stat ratios = of(IntStream.range(0, rounds.size())
                .mapToObj(i -> rounds.get(i) / other.rounds.get(i))
                .toList());
        return new Ratio(ratios.value, ratios.error);
    }

    /// {@return this figure in another unit}
    Stat dividedBy(double divisor) {
        return new Stat(
                value / divisor,
                error / divisor,
                rounds.stream().map(round -> round / divisor).toList(),
                kind);
    }

    /// {@return the figure as text: with its error; with its range if that is larger or if it is a tail; as a range
    /// alone if there are too few rounds for a mean or a median}
    String text() {
        boolean hasRange = rounds.size() > 1;
        if (hasRange && rounds.size() < ENOUGH && kind != Kind.ALONE) {
            return range();
        }
        if (hasRange && (kind == Kind.TAIL || error > Math.abs(value))) {
            return Numbers.figure(Tail.median(rounds)) + " (" + range() + ")";
        }
        return Double.isNaN(error) || kind == Kind.READING ? Numbers.figure(value) : Numbers.figure(value, error);
    }

    private String range() {
        if (Collections.min(rounds).equals(Collections.max(rounds))) {
            return Numbers.figure(rounds.getFirst());
        }
        return Numbers.figure(Collections.min(rounds)) + " to " + Numbers.figure(Collections.max(rounds));
    }
}
