package io.leasehold.bench.report;

/// How many times as good ours is; above 1 is in our favour, whatever the unit.
///
/// @param value the ratio
/// @param error half of its interval; not a number if it is not known
public record Ratio(double value, double error) {

    private static final double MANY = 100;

    /// What a ratio means, as a word: colour alone would say nothing to some readers, and nothing on paper.
    public enum Verdict {
        /// Ours is better, by more than the error.
        WIN("we win"),
        /// Ours is worse, by more than the error.
        LOSE("we lose"),
        /// The error is larger than the difference.
        EVEN("too close to say"),
        /// There is no error to compare the difference with.
        UNKNOWN("one run, no error");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        /// {@return it for the reader}
        public String words() {
            return words;
        }
    }

    /// {@return `value` with an error from the relative errors of its two sides}
    static Ratio of(double value, double ourError, double theirError) {
        return new Ratio(value, value * Math.hypot(ourError, theirError));
    }

    /// {@return the same comparison from the other side}
    Ratio inverse() {
        return of(1 / value, error / value, 0);
    }

    /// {@return what it says}
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
