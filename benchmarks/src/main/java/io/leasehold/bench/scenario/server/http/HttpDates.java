package io.leasehold.bench.scenario.server.http;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/// Dates of HTTP headers, in seconds since 1970.
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats">RFC 9110, 5.6.7</a>
public final class HttpDates {

    private static final DateTimeFormatter FORMAT = format("EEE, dd MMM uuuu HH:mm:ss 'GMT'");

    /// IMF-fixdate and asctime. The day of the week is not parsed, because it is redundant.
    private static final List<DateTimeFormatter> READ = List.of(
            format("dd MMM uuuu HH:mm:ss 'GMT'"), format("MMM d HH:mm:ss uuuu"), format("MMM  d HH:mm:ss uuuu"));

    /// A two-digit year that seems to be more than 50 years in the future is in the past.
    private static final int YEARS_AHEAD = 50;

    private static volatile Formatted now = new Formatted(Long.MIN_VALUE, ""); // (A)

    private record Formatted(long second, String text) {}

    private HttpDates() {}

    /// {@return the text of a date, as IMF-fixdate}
    ///
    /// @param second seconds since 1970
    public static String text(long second) {
        return FORMAT.format(LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC));
    }

    /// {@return the text of the current second}
    public static String now() {
        long second = Clock.systemUTC().instant().getEpochSecond();
        Formatted last = now;
        if (last.second != second) {
            last = new Formatted(second, text(second));
            now = last;
        }
        return last.text;
    }

    /// {@return the second that a header names, in any of the three formats of HTTP; empty if it is not a date}
    ///
    /// @param header value of the header
    public static OptionalLong parse(String header) {
        int day = header.indexOf(' ');
        if (day < 0) {
            return OptionalLong.empty();
        }
        String date = header.substring(day + 1);
        for (DateTimeFormatter format : READ) {
            OptionalLong second = parse(date, format);
            if (second.isPresent()) {
                return second;
            }
        }
        return parse(date, ofTwoDigits());
    }

    private static OptionalLong parse(String date, DateTimeFormatter format) {
        try {
            return OptionalLong.of(LocalDateTime.parse(date, format).toEpochSecond(ZoneOffset.UTC));
        } catch (DateTimeException e) {
            return OptionalLong.empty();
        }
    }

    /// {@return the format of RFC 850, whose two-digit years depend on the current one}
    private static DateTimeFormatter ofTwoDigits() {
        LocalDate first = LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC).minusYears(100L - YEARS_AHEAD - 1);
        return new DateTimeFormatterBuilder()
                .appendPattern("dd-MMM-")
                .appendValueReduced(ChronoField.YEAR, 2, 2, first.getYear())
                .appendPattern(" HH:mm:ss 'GMT'")
                .toFormatter(Locale.ENGLISH)
                .withResolverStyle(ResolverStyle.STRICT);
    }

    private static DateTimeFormatter format(String pattern) {
        return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).withResolverStyle(ResolverStyle.STRICT);
    }
}
