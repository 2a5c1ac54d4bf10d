package io.leasehold.memory;

import java.util.Objects;

/// Checks option values that a caller sets. Each message names the option, the value and the limits.
///
/// **Threads.** Stateless.
public final class OptionChecks {

    private OptionChecks() {}

    /// Checks a number.
    ///
    /// @param option name of the option, for the message
    /// @param value value to check
    /// @param min least value that is allowed
    /// @param max greatest value that is allowed
    /// @return `value`
    /// @throws IllegalArgumentException if `value` is less than `min` or greater than `max`
    public static long range(String option, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    option + " is out of bounds: " + option + "=" + value + ", min=" + min + ", max=" + max);
        }
        return value;
    }

    /// Checks a number that has no upper limit.
    ///
    /// @param option name of the option, for the message
    /// @param value value to check
    /// @param min least value that is allowed
    /// @return `value`
    /// @throws IllegalArgumentException if it is less than `min`
    public static long atLeast(String option, long value, long min) {
        if (value < min) {
            throw new IllegalArgumentException(option + " is too low: " + option + "=" + value + ", min=" + min);
        }
        return value;
    }

    /// Checks the name of an object, which its messages and reports show.
    ///
    /// @param value name to check
    /// @return `value`
    /// @throws IllegalArgumentException if it is empty or blank
    public static String name(String value) {
        Objects.requireNonNull(value, "name is null");
        if (value.isBlank()) {
            throw new IllegalArgumentException("name is blank: name=\"" + value + "\"");
        }
        return value;
    }
}
