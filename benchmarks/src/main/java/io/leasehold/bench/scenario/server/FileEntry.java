package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.server.http.HttpDates;
import io.leasehold.bench.scenario.server.http.Validators;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// One version of a file: its identity and its attributes.
///
/// @param path absolute path without links
/// @param byteSize length of the file in bytes
/// @param modifiedNanos time of the last change, in nanoseconds since 1970
/// @param device file system of the file, or 0 if the system does not report it
/// @param inode number of the file there, or 0 if the system does not report it; another file may get the number after
///     this one is closed and deleted
record FileEntry(Path path, long byteSize, long modifiedNanos, long device, long inode) {

    private static final String UNKNOWN_TYPE = "application/octet-stream";
    private static final boolean TELLS_INODES =
            Path.of("").getFileSystem().supportedFileAttributeViews().contains("unix");
    private static final String ATTRIBUTES = "size,lastModifiedTime,isRegularFile";

    /// {@return the version of the file at a path, as the system reports it now}
    ///
    /// @throws NoSuchFileException if there is no regular file
    static FileEntry of(Path path) throws IOException {
        Map<String, Object> attributes =
                Files.readAttributes(path, TELLS_INODES ? "unix:dev,ino," + ATTRIBUTES : ATTRIBUTES);
        if (!Boolean.TRUE.equals(attributes.get("isRegularFile"))) {
            throw new NoSuchFileException(path.toString());
        }
        FileTime modified = (FileTime) Objects.requireNonNull(attributes.get("lastModifiedTime"));
        return new FileEntry(
                path,
                number(attributes, "size"),
                modified.to(TimeUnit.NANOSECONDS),
                number(attributes, "dev"),
                number(attributes, "ino"));
    }

    private static long number(Map<String, Object> attributes, String name) {
        return attributes.get(name) instanceof Number number ? number.longValue() : 0;
    }

    /// {@return the validators that identify this version to clients}
    ///
    /// Two files of the same length that replace each other within one clock tick of the file system have the same tag.
    /// So have two states of a file that is written in place within one tick. Files that are replaced by renaming have
    /// no other limitation.
    Validators validators() {
        String tag = "\"" + Long.toHexString(modifiedNanos) + "-" + Long.toHexString(byteSize) + "\"";
        return new Validators(tag, modifiedSecond());
    }

    /// {@return the time of the last change, as a header value}
    String modified() {
        return HttpDates.text(modifiedSecond());
    }

    private long modifiedSecond() {
        return Math.floorDiv(modifiedNanos, TimeUnit.SECONDS.toNanos(1));
    }

    /// {@return the media type that the name of the file suggests}
    String type() {
        String guess = URLConnection.guessContentTypeFromName(
                Objects.requireNonNull(path.getFileName()).toString());
        return guess == null ? UNKNOWN_TYPE : guess;
    }
}
