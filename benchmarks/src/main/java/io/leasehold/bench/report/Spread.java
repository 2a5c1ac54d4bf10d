package io.leasehold.bench.report;

import java.util.List;
import org.apache.commons.math3.distribution.TDistribution;

/// What the rounds of one case say together.
///
/// @param mean of the rounds
/// @param error half of the 99.9 % interval; not a number for fewer than three rounds, which tell nothing of it
/// @param count of the rounds
record Spread(double mean, double error, int count) {

    private static final int ENOUGH = 3;
    private static final double UPPER = 0.9995;

    static Spread of(List<Double> rounds) {
        double mean = rounds.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
        int count = rounds.size();
        if (count < ENOUGH) {
            return new Spread(mean, Double.NaN, count);
        }
        double squares = rounds.stream()
                .mapToDouble(round -> (round - mean) * (round - mean))
                .sum();
        double deviation = Math.sqrt(squares / (count - 1));
        double quantile = new TDistribution(count - 1).inverseCumulativeProbability(UPPER);
        return new Spread(mean, quantile * deviation / Math.sqrt(count), count);
    }

    Ratio ratio() {
        return new Ratio(mean, error);
    }
}
