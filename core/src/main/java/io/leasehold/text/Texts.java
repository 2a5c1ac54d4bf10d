package io.leasehold.text;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Formats text with the digits and separators of [Locale#ROOT].
public final class Texts {

    /// Control characters (C0, DEL, C1), and the separators of lines and paragraphs.
    private static final Pattern BREAKS = Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}]");

    private Texts() {}

    /// Formats `arguments` as [String#format(Locale, String, Object...)] does, without the default locale.
    ///
    /// @return the text
    /// @throws java.util.IllegalFormatException if the arguments do not fit the pattern
    @FormatMethod
    public static String format(String pattern, @Nullable Object... arguments) {
        return String.format(Locale.ROOT, pattern, arguments);
    }

    /// {@return a text whose control characters and line breaks are replaced by `?`, for tables and lines} A terminal
    /// takes some control characters for commands.
    ///
    /// @param text text of a user
    public static String oneLine(String text) {
        return BREAKS.matcher(text).replaceAll("?");
    }
}
