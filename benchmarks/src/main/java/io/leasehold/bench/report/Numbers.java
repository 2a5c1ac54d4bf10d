package io.leasehold.bench.report;

import java.util.Locale;

/// How numbers are written: the same everywhere, whatever the country of the machine.
final class Numbers {

    private static final double MIB = 1 << 20;
    private static final double MANY = 1000;

    private Numbers() {}

    /// {@return `value` with so many decimals, thousands apart}
    static String plain(double value, int decimals) {
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }

    /// {@return `value` with one decimal, or none if it is large}
    static String score(double value) {
        return plain(value, Math.abs(value) >= MANY ? 0 : 1);
    }

    /// {@return a score with its error, if there is one}
    static String score(double value, double error) {
        if (Double.isNaN(error)) {
            return score(value);
        }
        return score(value) + " ±" + plain(error, Math.abs(value) >= MANY ? 0 : 1);
    }

    /// {@return bytes as MiB with one decimal}
    static String mib(double bytes) {
        return plain(toMib(bytes), 1);
    }

    static double toMib(double bytes) {
        return bytes / MIB;
    }
}
