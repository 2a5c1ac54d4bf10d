package io.leasehold.text;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Formats text with the digits and separators of [Locale#ROOT].
public final class Texts {

    private Texts() {}

    /// Formats `arguments` as [String#format(Locale, String, Object...)] does, without the default locale.
    ///
    /// @return the text
    /// @throws java.util.IllegalFormatException if the arguments do not fit the pattern
    @FormatMethod
    public static String format(String pattern, @Nullable Object... arguments) {
        return String.format(Locale.ROOT, pattern, arguments);
    }
}
