package io.leasehold.bench.scenario.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.scenario.server.http.Validators.Outcome;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The conditions of RFC 9110, 13, on the tag `"a"` and the date of its section 5.6.7.
class ValidatorsTest {

    private static final long SECOND = 784_111_777;
    private static final String DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
    private static final String EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT";
    private static final String LATER = "Sun, 06 Nov 1994 08:49:38 GMT";
    private static final Validators VALIDATORS = new Validators("\"a\"", SECOND);

    /// {@return the headers of lines as `name: value`}
    private static HttpHeaders headers(String lines) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (String line : lines.split("\\|", -1)) {
            String[] parts = line.strip().split(": ", 2);
            headers.add(
                    parts[0],
                    parts[1].replace("DATE", DATE).replace("EARLIER", EARLIER).replace("LATER", LATER));
        }
        return headers;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "If-None-Match: \"a\"; NOT_MODIFIED",
                "If-None-Match: W/\"a\"; NOT_MODIFIED",
                "If-None-Match: *; NOT_MODIFIED",
                "If-None-Match: \"b,\"|If-None-Match: \"c\",\"a\"; NOT_MODIFIED",
                "If-None-Match: \"b\"; PERFORM",
                "If-None-Match: a; PERFORM",
                "If-None-Match: \"b,a\"; PERFORM",
                "If-None-Match: \"*\"; PERFORM",
                "If-None-Match: \"b\"|If-Modified-Since: DATE; PERFORM",
                "If-Modified-Since: DATE; NOT_MODIFIED",
                "If-Modified-Since: LATER; NOT_MODIFIED",
                "If-Modified-Since: EARLIER; PERFORM",
                "If-Modified-Since: yesterday; PERFORM",
                "If-Modified-Since: DATE|If-Modified-Since: DATE; PERFORM",
                "If-Match: \"a\"; PERFORM",
                "If-Match: *; PERFORM",
                "If-Match: \"b\", \"a\"; PERFORM",
                "If-Match: W/\"a\"; FAILED",
                "If-Match: \"b\"; FAILED",
                "If-Match: w/\"a\"; FAILED",
                "If-Match: x\"a\"; FAILED",
                "If-Match: \"b\"\"a\"; FAILED",
                "If-Match: , \"b\" ,, \"a\"; PERFORM",
                "If-None-Match: w/\"a\"; PERFORM",
                "If-Match: \"a\"|If-Unmodified-Since: EARLIER; PERFORM",
                "If-Match: \"b\"|If-None-Match: \"a\"; FAILED",
                "If-Match: \"a\"|If-None-Match: \"a\"; NOT_MODIFIED",
                "If-Unmodified-Since: DATE; PERFORM",
                "If-Unmodified-Since: EARLIER; FAILED",
                "If-Unmodified-Since: yesterday; PERFORM"
            })
    void conditionsAreEvaluatedInOrder(String lines, Outcome outcome) {
        assertThat(VALIDATORS.evaluate(headers(lines))).isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "X: y; true",
                "If-Range: \"a\"; true",
                "If-Range: W/\"a\"; false",
                "If-Range: \"b\"; false",
                "If-Range: *; false",
                "If-Range: DATE; true",
                "If-Range: LATER; false",
                "If-Range: EARLIER; false",
                "If-Range: \"a\"|If-Range: \"a\"; false"
            })
    void rangesNeedAStrongValidator(String lines, boolean isAllowed) {
        assertThat(VALIDATORS.allowsRange(headers(lines), SECOND + 1)).isEqualTo(isAllowed);
    }

    @Test
    void dateIsWeakValidatorWithinItsSecond() {
        assertThat(VALIDATORS.allowsRange(headers("If-Range: DATE"), SECOND)).isFalse();
        assertThat(VALIDATORS.allowsRange(headers("If-Range: \"a\""), SECOND)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"})
    void allThreeDateFormatsAreParsed(String date) {
        assertThat(HttpDates.parse(date)).hasValue(SECOND);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "now",
                "Sun, 06 Nov 1994",
                "Sun, 06 Nov 1994 08:49:37 CET",
                "Sun, 99 Nov 1994 08:49:37 GMT",
                "Thu, 31 Feb 1994 08:49:37 GMT",
                "Thursday, 31-Feb-94 08:49:37 GMT",
                "Thu Feb 31 08:49:37 1994",
                "Sun, 06 Nov 1994 24:00:00 GMT"
            })
    void otherTextIsNotADate(String text) {
        assertThat(HttpDates.parse(text)).isEmpty();
    }

    @Test
    void twoDigitYearsAreAtMostFiftyYearsInTheFuture() {
        DateTimeFormatter format = DateTimeFormatter.ofPattern("EEEE, dd-MMM-yy '00:00:00 GMT'", Locale.ENGLISH);
        LocalDate near = LocalDate.now(ZoneOffset.UTC).plusYears(49).withDayOfYear(1);
        LocalDate far = LocalDate.now(ZoneOffset.UTC).plusYears(51).withDayOfYear(1);
        assertThat(HttpDates.parse(format.format(near))).hasValue(near.toEpochDay() * 86_400);
        assertThat(HttpDates.parse(format.format(far)))
                .hasValue(far.minusYears(100).toEpochDay() * 86_400);
        assertThat(HttpDates.text(SECOND)).isEqualTo(DATE);
    }
}
