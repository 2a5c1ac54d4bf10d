package io.leasehold.bench.report;

import java.util.Optional;

/// A performance target of the project, and its result in this run.
///
/// @param group of the benchmark that measures it
/// @param what is measured, with its unit
/// @param atLeast true if `must` is a lower bound, false if it is an upper bound
/// @param must the bound
/// @param aim a more ambitious value; empty if there is none
/// @param measured empty if this run did not measure it
record Target(String group, String what, boolean atLeast, double must, String aim, Optional<Ratio> measured) {

    /// The result as a word, with a style.
    enum Outcome {
        MET("met", "win"),
        SHORT("missed", "lose"),
        CLOSE("missed by less than the error", "even"),
        UNKNOWN("not measured in this run", "");

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

    static Target atLeast(String group, String what, double must, String aim, Optional<Ratio> measured) {
        return new Target(group, what, true, must, aim, measured);
    }

    static Target atMost(String group, String what, double must, Optional<Ratio> measured) {
        return new Target(group, what, false, must, "", measured);
    }

    static Target atMost(String group, String what, double must, String aim, Optional<Ratio> measured) {
        return new Target(group, what, false, must, aim, measured);
    }

    Outcome outcome() {
        if (measured.isEmpty()) {
            return Outcome.UNKNOWN;
        }
        double lead = (measured.get().value() - must) * (atLeast ? 1 : -1);
        if (lead >= 0) {
            return Outcome.MET;
        }
        return -lead <= measured.get().error() ? Outcome.CLOSE : Outcome.SHORT;
    }

    /// {@return the bound as text}
    String bound() {
        return (atLeast ? "at least " : "at most ") + trimmed(must) + (aim.isEmpty() ? "" : " (aim " + aim + ")");
    }

    private static String trimmed(double number) {
        return number == Math.rint(number)
                ? Numbers.plain(number, 0)
                : Numbers.plain(number, 2).replaceFirst("0$", "");
    }
}
