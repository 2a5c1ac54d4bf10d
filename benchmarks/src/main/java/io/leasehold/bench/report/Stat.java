package io.leasehold.bench.report;

import io.leasehold.bench.result.Tail;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.util.ListStatistics;

/// A figure with its error.
///
/// @param value mean of the rounds, or their median
/// @param error half of the 99.9 % interval; half of the range for a median and for fewer than five rounds; NaN for one
///     round
/// @param rounds the figure in each round; each side ran once in a round
/// @param isMedian true if `value` is the median
record Stat(double value, double error, List<Double> rounds, boolean isMedian) {

    /// Number of rounds from which on a mean or a median is shown, and a verdict is given.
    static final int ENOUGH = 5;

    private static final double CONFIDENCE = 0.999;

    /// {@return the mean of rounds}
    static Stat of(List<Double> rounds) {
        ListStatistics all = new ListStatistics(
                rounds.stream().mapToDouble(Double::doubleValue).toArray());
        double error = rounds.size() < ENOUGH ? Tail.halfRange(rounds) : all.getMeanErrorAt(CONFIDENCE);
        return new Stat(all.getMean(), error, rounds, false);
    }

    /// {@return the median of rounds with their range}
    static Stat ofTail(List<Double> rounds) {
        return new Stat(Tail.median(rounds), Tail.halfRange(rounds), rounds, true);
    }

    /// {@return true if the error of the mean is larger than the mean, or the figure is a median already}
    boolean needsMedian() {
        return isMedian || (isEnough() && error > Math.abs(value));
    }

    /// {@return the median of the same rounds}
    Stat median() {
        return ofTail(rounds);
    }

    /// {@return true if there were enough rounds for a verdict}
    boolean isEnough() {
        return rounds.size() >= ENOUGH;
    }

    /// {@return true if the figure is above 0 in every round, so that it can be part of a ratio}
    boolean isPositive() {
        return Collections.min(rounds) > 0;
    }

    /// {@return this figure divided by `other`} The error of means is that of paired rounds, so that a machine that
    /// slows down affects both: it is the error of what each round deviates from the ratio.
    Ratio over(Stat other) {
        double ratio = value / other.value;
        boolean paired = !isMedian && !other.isMedian && rounds.size() > 1 && rounds.size() == other.rounds.size();
        if (!paired) {
            return Ratio.of(ratio, error / value, other.error / other.value);
        }
        Stat deviations = of(IntStream.range(0, rounds.size())
                .mapToObj(i -> rounds.get(i) - ratio * other.rounds.get(i))
                .toList());
        return new Ratio(ratio, deviations.error / other.value);
    }

    /// {@return the lower end of the interval or of the range; at least 0}
    double low() {
        return Math.max(0, isMedian ? Collections.min(rounds) : value - error);
    }

    /// {@return the upper end of the interval or of the range}
    double high() {
        return isMedian ? Collections.max(rounds) : value + error;
    }

    /// {@return this figure in another unit}
    Stat dividedBy(double divisor) {
        return new Stat(
                value / divisor,
                error / divisor,
                rounds.stream().map(round -> round / divisor).toList(),
                isMedian);
    }

    /// {@return the figure as text: a mean with its error, or a median with its range; a range alone if there are too
    /// few rounds for a mean or a median}
    String text() {
        if (!isEnough()) {
            return range();
        }
        if (isMedian) {
            String middle = Numbers.figure(value);
            return middle.equals(range()) ? middle : middle + " (" + range() + ")";
        }
        return Numbers.figure(value, error);
    }

    /// {@return the range as text; one figure if its ends are the same as text}
    private String range() {
        String least = Numbers.figure(Collections.min(rounds));
        String most = Numbers.figure(Collections.max(rounds));
        return least.equals(most) ? least : least + " to " + most;
    }
}
