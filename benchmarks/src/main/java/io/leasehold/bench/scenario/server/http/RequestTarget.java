package io.leasehold.bench.scenario.server.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The path that a request names: its segments, decoded, without dots and empty segments.
///
/// A segment is decoded after the path was split, so an encoded slash never becomes a separator.
///
/// @param segments names of folders, and of the file if the target does not end with a slash
/// @param isFolder true if the target ends with a slash
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9112#name-request-target">RFC 9112, 3.2</a>
public record RequestTarget(List<String> segments, boolean isFolder) {

    private static final int HEX = 16;
    private static final int FIRST_VISIBLE = 0x21;
    private static final int LAST_VISIBLE = 0x7e;

    /// Reads a target in origin form or absolute form; a query and a fragment are dropped.
    ///
    /// @param target from the request line
    /// @return the path; empty if the target is malformed: an invalid escape, bytes that are not UTF-8, NUL,
    ///     characters that have to be escaped, or more steps up than down
    public static Optional<RequestTarget> parse(String target) {
        Optional<String> path = path(target);
        if (path.isEmpty() || !path.get().startsWith("/")) {
            return Optional.empty();
        }
        String[] parts = path.get().substring(1).split("/", -1);
        Deque<String> segments = new ArrayDeque<>();
        String segment = "";
        for (String part : parts) {
            Optional<String> decoded = decode(part);
            if (decoded.isEmpty()) {
                return Optional.empty();
            }
            segment = decoded.get();
            if (segment.equals("..")) {
                if (segments.pollLast() == null) {
                    return Optional.empty();
                }
            } else if (!segment.isEmpty() && !segment.equals(".")) {
                segments.addLast(segment);
            }
        }
        boolean isFolder = segment.isEmpty() || segment.equals(".") || segment.equals("..");
        return Optional.of(new RequestTarget(new ArrayList<>(segments), isFolder));
    }

    /// {@return the authority of a target in absolute form; empty if it has another form or none}
    ///
    /// @param target from the request line
    public static Optional<String> authority(String target) {
        int begin = authorityBegin(target);
        return begin < 0 ? Optional.empty() : Optional.of(target.substring(begin, authorityEnd(target, begin)));
    }

    private static Optional<String> path(String target) {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c < FIRST_VISIBLE || c > LAST_VISIBLE) {
                return Optional.empty();
            }
        }
        int end = end(target, 0, "?#");
        int authority = authorityBegin(target);
        if (authority < 0) {
            return Optional.of(target.substring(0, end));
        }
        int begin = authorityEnd(target, authority);
        return Optional.of(begin == end ? "/" : target.substring(begin, end));
    }

    private static int authorityBegin(String target) {
        int scheme = target.indexOf("://");
        if (scheme < 0) {
            return -1;
        }
        String name = target.substring(0, scheme).toLowerCase(Locale.ROOT);
        return name.equals("http") || name.equals("https") ? scheme + "://".length() : -1;
    }

    private static int authorityEnd(String target, int begin) {
        return end(target, begin, "/?#");
    }

    private static int end(String text, int begin, String ends) {
        for (int i = begin; i < text.length(); i++) {
            if (ends.indexOf(text.charAt(i)) >= 0) {
                return i;
            }
        }
        return text.length();
    }

    private static Optional<String> decode(String segment) {
        if (segment.indexOf('%') < 0) {
            return Optional.of(segment);
        }
        ByteBuffer bytes = ByteBuffer.allocate(segment.length());
        for (int i = 0; i < segment.length(); i++) {
            char c = segment.charAt(i);
            if (c == '%') {
                int high = digit(segment, i + 1);
                int low = digit(segment, i + 2);
                if (high < 0 || low < 0 || high + low == 0) {
                    return Optional.empty();
                }
                bytes.put((byte) (high * HEX + low));
                i += 2;
            } else {
                bytes.put((byte) c);
            }
        }
        try {
            return Optional.of(UTF_8.newDecoder().decode(bytes.flip()).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static int digit(String segment, int index) {
        return index < segment.length() ? Character.digit(segment.charAt(index), HEX) : -1;
    }
}
