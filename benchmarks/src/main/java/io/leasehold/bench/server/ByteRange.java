package io.leasehold.bench.server;

import java.util.Optional;

/// A part of a file that was asked for.
///
/// @param from its first byte
/// @param byteSize how many; 0 if the file has none of them
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110#name-range-requests">RFC 9110, 14</a>
record ByteRange(long from, long byteSize) {

    private static final String UNIT = "bytes=";

    /// {@return the one range that a header asks for; nothing if it is to be ignored, as several are}
    static Optional<ByteRange> parse(String header, long fileByteSize) {
        int dash = header.indexOf('-');
        if (!header.startsWith(UNIT) || dash < 0 || header.indexOf(',') >= 0) {
            return Optional.empty();
        }
        try {
            String first = header.substring(UNIT.length(), dash).strip();
            String last = header.substring(dash + 1).strip();
            if (first.isEmpty()) {
                long byteSize = Math.min(unsigned(last), fileByteSize);
                return Optional.of(new ByteRange(fileByteSize - byteSize, byteSize));
            }
            long from = unsigned(first);
            long to = last.isEmpty() ? Long.MAX_VALUE : unsigned(last);
            if (to < from) {
                return Optional.empty();
            }
            return Optional.of(new ByteRange(from, Math.max(0, Math.min(to, fileByteSize - 1) - from + 1)));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /// {@return the header of an answer with this part}
    String header(long fileByteSize) {
        return "bytes " + from + "-" + (from + byteSize - 1) + "/" + fileByteSize;
    }

    private static long unsigned(String digits) {
        long number = Long.parseLong(digits);
        if (number < 0 || digits.charAt(0) == '+') {
            throw new NumberFormatException("no digits alone: " + digits);
        }
        return number;
    }
}
