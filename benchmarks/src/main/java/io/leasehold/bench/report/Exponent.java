package io.leasehold.bench.report;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/// The growth of a cost with `n`: the slope of the logarithm of the cost over the logarithm of `n`, by least squares. A
/// cost that is proportional to `n` has exponent 1, a constant cost has exponent 0.
///
/// @param value the slope
/// @param error standard error of the slope; NaN for two points
record Exponent(double value, double error) {

    /// Maximum exponent of the cost of an operation, unless the operation has to touch everything that `n` counts.
    static final double TARGET = 0.2;

    /// Values below this would be formatted as `-0.00`.
    private static final double ROUNDED = 0.005;

    /// The result as words, with a style.
    enum Outcome {
        HOLDS("met", "win"),
        CLOSE("exceeded by less than the error", "even"),
        GROWS("exceeded", "lose"),
        EXEMPT("exempt, touches every byte", ""),
        UNKNOWN("too few N to say", "");

        private final String words;
        private final String style;

        Outcome(String words, String style) {
            this.words = words;
            this.style = style;
        }

        String words() {
            return words;
        }

        String style() {
            return style;
        }
    }

    /// {@return the exponent of a series; empty if it has fewer than two values of `n`}
    static Optional<Exponent> of(List<Point> points) {
        SimpleRegression line = new SimpleRegression();
        points.forEach(point -> line.addData(Math.log((double) point.n()), Math.log(point.cost())));
        double slope = line.getSlope();
        return Double.isNaN(slope)
                ? Optional.empty()
                : Optional.of(new Exponent(Math.abs(slope) < ROUNDED ? 0 : slope, line.getSlopeStdErr()));
    }

    /// {@return the exponent of a series as text}
    static String text(List<Point> points) {
        return of(points).map(Exponent::toString).orElse(Table.NOTHING);
    }

    /// {@return the result of comparing the exponent of a question with its target}
    Outcome outcome(GrowthTopic topic) {
        if (Double.isNaN(error)) {
            return Outcome.UNKNOWN;
        }
        if (value <= TARGET) {
            return Outcome.HOLDS;
        }
        if (topic.touchesAll()) {
            return Outcome.EXEMPT;
        }
        return value - error <= TARGET ? Outcome.CLOSE : Outcome.GROWS;
    }

    @Override
    public String toString() {
        return new Ratio(value, error).toString();
    }
}
