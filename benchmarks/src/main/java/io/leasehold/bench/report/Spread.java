package io.leasehold.bench.report;

import java.util.Collections;
import java.util.List;
import org.apache.commons.math3.distribution.TDistribution;

/// The mean and the error of the rounds of one case.
///
/// @param mean of the rounds
/// @param error half of the 99.9 % interval; half of the range for fewer than five rounds, whose interval would be too
///     wide to be useful; NaN for one round
/// @param count number of rounds
record Spread(double mean, double error, int count) {

    private static final int ENOUGH = 5;
    private static final double UPPER = 0.9995;

    static Spread of(List<Double> rounds) {
        double mean = rounds.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
        int count = rounds.size();
        if (count < 2) {
            return new Spread(mean, Double.NaN, count);
        }
        if (count < ENOUGH) {
            return new Spread(mean, (Collections.max(rounds) - Collections.min(rounds)) / 2, count);
        }
        double squares = rounds.stream()
                .mapToDouble(round -> (round - mean) * (round - mean))
                .sum();
        double deviation = Math.sqrt(squares / (count - 1));
        double quantile = new TDistribution(count - 1).inverseCumulativeProbability(UPPER);
        return new Spread(mean, quantile * deviation / Math.sqrt(count), count);
    }

    /// {@return a sentence that explains `error`}
    static String explained(int count) {
        if (count < 2) {
            return "There are no error bars, because there was only one round.";
        }
        return count < ENOUGH
                ? "Error bars are half of the range of " + count + " rounds."
                : "Error bars are 99.9 % intervals of " + count + " rounds.";
    }

    Ratio ratio() {
        return new Ratio(mean, error);
    }
}
