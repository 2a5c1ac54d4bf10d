package io.leasehold.bench.scenario.server.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The validators of one version of a file, and the evaluation of request conditions against them.
///
/// @param tag strong entity tag, with its quotes
/// @param modifiedSecond time of modification, in seconds since 1970
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests">RFC 9110, 13</a>
public record Validators(String tag, long modifiedSecond) {

    private static final String ANY = "*";
    private static final String WEAK = "W/";

    /// The next element of a list. A tag may contain commas, so a list cannot be split at commas. The first element
    /// that is no tag, and all that follows it, is ignored.
    private static final Pattern TAG =
            Pattern.compile("\\G[ \t,]*((?:W/)?\"[\\x21\\x23-\\x7e\\x80-\\xff]*\")[ \t]*(?=,|$)");

    /// The result of a request's conditions.
    public enum Outcome {
        /// Answer as if there were no condition.
        PERFORM,
        /// Answer 304: the client has this version.
        NOT_MODIFIED,
        /// Answer 412: the client asked about another version.
        FAILED
    }

    /// {@return the result of the conditions of a GET or HEAD, evaluated in the order of RFC 9110, 13.2.2}
    ///
    /// @param headers headers of the request
    public Outcome evaluate(HttpHeaders headers) {
        if (headers.contains(HttpHeaderNames.IF_MATCH)) {
            if (!isListed(headers.getAll(HttpHeaderNames.IF_MATCH), false)) {
                return Outcome.FAILED;
            }
        } else if (date(headers, HttpHeaderNames.IF_UNMODIFIED_SINCE).orElse(Long.MAX_VALUE) < modifiedSecond) {
            return Outcome.FAILED;
        }
        boolean isKnown = headers.contains(HttpHeaderNames.IF_NONE_MATCH)
                ? isListed(headers.getAll(HttpHeaderNames.IF_NONE_MATCH), true)
                : date(headers, HttpHeaderNames.IF_MODIFIED_SINCE).orElse(Long.MIN_VALUE) >= modifiedSecond;
        return isKnown ? Outcome.NOT_MODIFIED : Outcome.PERFORM;
    }

    /// {@return true if a range may be sent: there is no If-Range, or it matches this version strongly}
    ///
    /// A date is a strong validator only if the file did not change in the current second, because it could change
    /// again.
    ///
    /// @param headers headers of the request
    /// @param nowSecond the present time in seconds since 1970
    public boolean allowsRange(HttpHeaders headers, long nowSecond) {
        List<String> only = headers.getAll(HttpHeaderNames.IF_RANGE);
        if (only.isEmpty()) {
            return true;
        }
        String validator = only.getFirst().strip();
        boolean isDate = HttpDates.parse(validator).equals(OptionalLong.of(modifiedSecond));
        return only.size() == 1 && (validator.equals(tag) || (isDate && modifiedSecond < nowSecond));
    }

    private boolean isListed(List<String> values, boolean isWeakEnough) {
        if (values.size() == 1 && values.getFirst().strip().equals(ANY)) {
            return true;
        }
        for (String value : values) {
            Matcher matcher = TAG.matcher(value);
            while (matcher.find()) {
                String found = matcher.group(1);
                if (tag.equals(isWeakEnough && found.startsWith(WEAK) ? found.substring(WEAK.length()) : found)) {
                    return true;
                }
            }
        }
        return false;
    }

    /// {@return the date of a header; empty if it has none, more than one, or an invalid one}
    private static OptionalLong date(HttpHeaders headers, CharSequence name) {
        List<String> values = headers.getAll(name);
        return values.size() == 1 ? HttpDates.parse(values.getFirst().strip()) : OptionalLong.empty();
    }
}
