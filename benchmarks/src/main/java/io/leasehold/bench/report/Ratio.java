package io.leasehold.bench.report;

/// How many times as good Leasehold is as a baseline. A ratio above 1 means that Leasehold is better, whatever the
/// unit.
///
/// @param value the ratio
/// @param error half of its interval; NaN if unknown
record Ratio(double value, double error) {

    private static final double MANY = 100;
    private static final double PERCENT = 100;

    /// {@return `value` with an error computed from the relative errors of its two sides}
    static Ratio of(double value, double ourError, double theirError) {
        return new Ratio(value, value * Math.hypot(ourError, theirError));
    }

    /// {@return by how many percent Leasehold is worse than the baseline, as text; below 0 if it is better}
    String overhead() {
        double percent = PERCENT * (1 / value - 1);
        double half = PERCENT * error / (value * value);
        return ", overhead " + Numbers.plain(percent, 1) + (Double.isNaN(half) ? "" : " ±" + Numbers.plain(half, 1))
                + " %";
    }

    Verdict verdict() {
        return Verdict.of(value - 1, error);
    }

    @Override
    public String toString() {
        int decimals = Math.abs(value) >= MANY ? 0 : 2;
        return Numbers.plain(value, decimals) + (Double.isNaN(error) ? "" : " ±" + Numbers.plain(error, decimals));
    }
}
