package io.leasehold.bench.report;

import java.util.Locale;

/// Formats numbers, independent of the locale of the machine.
final class Numbers {

    private static final double MIB = 1 << 20;
    private static final long LARGE = 100_000;
    private static final long KIBI = 1 << 10;
    private static final long MEBI = 1 << 20;

    private Numbers() {}

    /// {@return `value` with `decimals` decimals and grouped thousands}
    static String plain(double value, int decimals) {
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }

    /// {@return `value` with about three digits, without an exponent}
    static String figure(double value) {
        return plain(value, decimals(value));
    }

    /// {@return `value` with its error, both with the same number of decimals}
    static String figure(double value, double error) {
        int decimals = decimals(value);
        return plain(value, decimals) + " ±" + plain(error, decimals);
    }

    private static int decimals(double value) {
        double size = Math.abs(value);
        return size >= 1000 ? 0 : size >= 10 || size == 0 ? 1 : size >= 1 ? 2 : 3;
    }

    /// {@return a count, abbreviated if it is a large multiple of a power of two}
    static String count(long value) {
        if (value >= LARGE && value % MEBI == 0) {
            return plain((double) value / MEBI, 0) + " Mi";
        }
        return value >= LARGE && value % KIBI == 0 ? plain((double) value / KIBI, 0) + " Ki" : plain((double) value, 0);
    }

    /// {@return bytes in the largest unit of which they are a multiple, or one more than a multiple}
    static String bytes(long bytes) {
        for (int shift = 20; shift > 0; shift -= 10) {
            long rest = bytes & ((1L << shift) - 1);
            if (bytes >> shift > 0 && rest <= 1) {
                return (bytes >> shift) + (shift == 20 ? " MiB" : " KiB") + (rest == 1 ? "+1" : "");
            }
        }
        return bytes + " B";
    }

    /// {@return bytes as MiB with one decimal}
    static String mib(double bytes) {
        return plain(toMib(bytes), 1);
    }

    static double toMib(double bytes) {
        return bytes / MIB;
    }
}
