package io.leasehold.bench.load;

import java.util.Locale;

/// What a generator is to do for a while.
///
/// @param connections that are opened, and closed at its end
/// @param depth requests that a connection has under way at most
/// @param perSecond the fixed rate of all connections together; 0 for flat out
/// @param rampMillis that pass before it is measured
/// @param measuredMillis that are measured
public record LoadPhase(int connections, int depth, double perSecond, long rampMillis, long measuredMillis) {

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if one is out of its bounds
    public LoadPhase {
        if (connections < 1 || depth < 1 || measuredMillis < 1) {
            throw new IllegalArgumentException("a load needs at least one connection, request and millisecond:"
                    + " connections=" + connections + ", depth=" + depth + ", measuredMillis=" + measuredMillis);
        }
        if (!(perSecond >= 0) || rampMillis < 0) {
            throw new IllegalArgumentException(
                    "a load has no negative part: perSecond=" + perSecond + ", rampMillis=" + rampMillis);
        }
    }

    /// {@return whether each answer is followed by the next request at once}
    public boolean isFlatOut() {
        return perSecond == 0;
    }

    /// {@return this as a line of text}
    public String line() {
        return String.format(
                Locale.ROOT, "%d %d %.3f %d %d", connections, depth, perSecond, rampMillis, measuredMillis);
    }

    /// {@return what [#line] made}
    public static LoadPhase parse(String line) {
        String[] parts = line.split(" ", -1);
        return new LoadPhase(
                Integer.parseInt(parts[0]),
                Integer.parseInt(parts[1]),
                Double.parseDouble(parts[2]),
                Long.parseLong(parts[3]),
                Long.parseLong(parts[4]));
    }
}
