package io.leasehold.bench.report;

import java.util.Locale;

/// The meaning of a comparison as words, because colors alone are not readable for everyone or on paper.
enum Verdict {
    /// Leasehold is better by more than the error.
    WIN("better"),
    /// Leasehold is worse by more than the error.
    LOSE("worse"),
    /// The difference is not larger than the error.
    EVEN("equal within error"),
    /// There are too few rounds to compare the difference with an error.
    UNKNOWN("too few rounds, no verdict"),
    /// The machine was busy with other work.
    BUSY("busy machine, no verdict");

    private final String words;

    Verdict(String words) {
        this.words = words;
    }

    /// {@return the verdict on a lead of Leasehold with an error, which is NaN if unknown}
    static Verdict of(double lead, double error) {
        if (Double.isNaN(error)) {
            return UNKNOWN;
        }
        if (Math.abs(lead) <= error) {
            return EVEN;
        }
        return lead > 0 ? WIN : LOSE;
    }

    String words() {
        return words;
    }

    /// {@return its class in the style sheet}
    String style() {
        return name().toLowerCase(Locale.ROOT);
    }
}
