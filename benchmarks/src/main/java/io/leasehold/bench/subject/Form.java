package io.leasehold.bench.subject;

import java.util.Locale;

/// The duration of a run.
public enum Form {
    /// Three minutes. Checks that everything still runs and finds large regressions.
    CI,
    /// Eleven minutes, with the build.
    SHORT,
    /// As long as publishable numbers need.
    FULL;

    /// {@return the form with a name}
    ///
    /// @throws IllegalArgumentException if the name is unknown
    public static Form of(String name) {
        for (Form form : values()) {
            if (form.text().equals(name)) {
                return form;
            }
        }
        throw new IllegalArgumentException("unknown form: bench.time=" + name + "; use ci, short or full");
    }

    /// {@return the name in lower case}
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
