package io.leasehold.bench.server;

import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A file as it was when it was looked at.
///
/// @param path without links
/// @param byteSize its length in bytes
/// @param modifiedNanos when it was last changed
/// @param key which file it is, where the system has names for that
/// @param type of its content
record FileEntry(
        Path path,
        long byteSize,
        long modifiedNanos,
        @Nullable Object key,
        String type) {

    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private static final String UNKNOWN_TYPE = "application/octet-stream";

    /// Looks at a file.
    ///
    /// @throws NoSuchFileException if it is none
    static FileEntry of(Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw new NoSuchFileException(path.toString());
        }
        return new FileEntry(
                path,
                attributes.size(),
                attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
                attributes.fileKey(),
                type(path));
    }

    /// {@return a name for this content: another one as soon as it changes}
    String tag() {
        return "\"" + Long.toHexString(modifiedNanos) + "-" + Long.toHexString(byteSize) + "\"";
    }

    /// {@return whether a list of tags has this one; a `*` stands for all}
    boolean isTagged(String tags) {
        for (String tag : tags.split(",", -1)) {
            String bare = tag.strip();
            if (bare.equals("*") || tag().equals(bare.startsWith("W/") ? bare.substring(2) : bare)) {
                return true;
            }
        }
        return false;
    }

    /// {@return when it was last changed, for a header}
    String modified() {
        return DATE.format(Instant.ofEpochSecond(modifiedSeconds()));
    }

    /// {@return whether it has changed since a time that a header names; one that names none does not count}
    boolean isChangedSince(String header) {
        try {
            return modifiedSeconds() > DATE.parse(header, Instant::from).getEpochSecond();
        } catch (DateTimeParseException e) {
            return true;
        }
    }

    private long modifiedSeconds() {
        return TimeUnit.NANOSECONDS.toSeconds(modifiedNanos);
    }

    private static String type(Path path) throws IOException {
        String name = Objects.requireNonNull(path.getFileName()).toString();
        String guess = URLConnection.guessContentTypeFromName(name);
        if (guess == null) {
            guess = Files.probeContentType(path);
        }
        return guess == null ? UNKNOWN_TYPE : guess;
    }
}
