package io.leasehold.bench.subject;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// A constant of an enum that options and results name.
public interface Named {

    /// {@return the name of the constant}
    String name();

    /// {@return the name in options and results: that of the constant in lower case}
    default String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return the constant with a name}
    ///
    /// @param <E> type of the constants
    /// @param what kind of the constants, for the message
    /// @param option that has the name as its value
    /// @param text the name
    /// @throws IllegalArgumentException if the name is unknown, with all names
    static <E extends Enum<E> & Named> E of(Class<E> type, String what, String option, String text) {
        List<E> all = Arrays.asList(type.getEnumConstants());
        return all.stream().filter(one -> one.text().equals(text)).findFirst().orElseThrow(() -> {
            List<String> names = all.stream().map(Named::text).toList();
            return new IllegalArgumentException("unknown " + what + ": " + option + "=" + text + "; use "
                    + String.join(", ", names.subList(0, names.size() - 1)) + " or " + names.getLast());
        });
    }
}
