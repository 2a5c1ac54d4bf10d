package io.leasehold.bench.report;

/// How many times as good Leasehold is as a baseline. A ratio above 1 means that Leasehold is better, whatever the
/// unit.
///
/// @param value the ratio
/// @param error half of its interval; NaN if unknown
public record Ratio(double value, double error) {

    private static final double MANY = 100;

    /// The meaning of a ratio as words, because colors alone are not readable for everyone or on paper.
    public enum Verdict {
        /// Leasehold is better by more than the error.
        WIN("better"),
        /// Leasehold is worse by more than the error.
        LOSE("worse"),
        /// The error is larger than the difference.
        EVEN("too close to call"),
        /// There is no error to compare the difference with.
        UNKNOWN("one run, no error");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        /// {@return the words for the reader}
        public String words() {
            return words;
        }
    }

    /// {@return `value` with an error computed from the relative errors of its two sides}
    static Ratio of(double value, double ourError, double theirError) {
        return new Ratio(value, value * Math.hypot(ourError, theirError));
    }

    /// {@return the same comparison from the other side}
    Ratio inverse() {
        return of(1 / value, error / value, 0);
    }

    /// {@return the verdict}
    public Verdict verdict() {
        if (Double.isNaN(error)) {
            return Verdict.UNKNOWN;
        }
        if (value - error > 1) {
            return Verdict.WIN;
        }
        return value + error < 1 ? Verdict.LOSE : Verdict.EVEN;
    }

    @Override
    public String toString() {
        int decimals = Math.abs(value) >= MANY ? 0 : 2;
        return Numbers.plain(value, decimals) + (Double.isNaN(error) ? "" : " ±" + Numbers.plain(error, decimals));
    }
}
