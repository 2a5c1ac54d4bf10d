package io.leasehold.bench.scenario.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A part of a file that a client requests.
///
/// @param from its first byte
/// @param byteSize size of the part in bytes; 0 if no part of it is in the file
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110#name-range-requests">RFC 9110, 14</a>
record ByteRange(long from, long byteSize) {

    private static final Pattern HEADER = Pattern.compile("bytes=(.*)", Pattern.CASE_INSENSITIVE);
    private static final Pattern RANGE = Pattern.compile("([0-9]*)-([0-9]*)");

    /// {@return the single range that a header requests}
    ///
    /// Ranges outside the file are left out, and overlapping or adjacent ranges are merged. The result is empty if the
    /// header is malformed, if several ranges are left, or if the last bytes of an empty file are requested. The answer
    /// is then the whole file, as RFC 9110 permits. The size is 0 if no range is left.
    ///
    /// @param header value of the header
    /// @param fileByteSize length of the file in bytes
    static Optional<ByteRange> parse(String header, long fileByteSize) {
        Matcher unit = HEADER.matcher(header.strip());
        if (!unit.matches()) {
            return Optional.empty();
        }
        List<ByteRange> ranges = new ArrayList<>();
        for (String text : unit.group(1).split(",", -1)) {
            if (text.isBlank()) {
                continue; // a list may have empty elements
            }
            Optional<ByteRange> range = one(text.strip(), fileByteSize);
            if (range.isEmpty()) {
                return Optional.empty();
            }
            ranges.add(range.get());
        }
        return ranges.isEmpty() ? Optional.empty() : joined(ranges);
    }

    private static Optional<ByteRange> one(String text, long fileByteSize) {
        Matcher matcher = RANGE.matcher(text);
        if (!matcher.matches()
                || (matcher.group(1).isEmpty() && matcher.group(2).isEmpty())) {
            return Optional.empty();
        }
        if (matcher.group(1).isEmpty()) {
            long asked = number(matcher.group(2));
            if (asked > 0 && fileByteSize == 0) {
                return Optional.empty(); // RFC 9110, 14.1.2: such a range is never out of the file
            }
            long byteSize = Math.min(asked, fileByteSize);
            return Optional.of(new ByteRange(fileByteSize - byteSize, byteSize));
        }
        long from = number(matcher.group(1));
        long to = matcher.group(2).isEmpty() ? Long.MAX_VALUE : number(matcher.group(2));
        if (to < from) {
            return Optional.empty();
        }
        long end = Math.min(to, fileByteSize - 1);
        return Optional.of(new ByteRange(from, end < from ? 0 : end - from + 1));
    }

    private static Optional<ByteRange> joined(List<ByteRange> ranges) {
        List<ByteRange> rest = ranges.stream()
                .filter(range -> range.byteSize > 0)
                .sorted((a, b) -> Long.compare(a.from, b.from))
                .toList();
        if (rest.isEmpty()) {
            return Optional.of(ranges.getFirst());
        }
        ByteRange joined = rest.getFirst();
        for (ByteRange next : rest) {
            long end = joined.from + joined.byteSize;
            if (next.from > end) {
                return Optional.empty();
            }
            joined = new ByteRange(joined.from, Math.max(end, next.from + next.byteSize) - joined.from);
        }
        return Optional.of(joined);
    }

    /// {@return the Content-Range header of an answer with this part}
    String header(long fileByteSize) {
        return "bytes " + from + "-" + (from + byteSize - 1) + "/" + fileByteSize;
    }

    /// {@return the number, or `Long.MAX_VALUE` if it is larger}
    private static long number(String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }
}
