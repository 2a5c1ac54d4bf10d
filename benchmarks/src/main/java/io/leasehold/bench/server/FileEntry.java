package io.leasehold.bench.server;

import io.leasehold.bench.server.http.HttpDates;
import io.leasehold.bench.server.http.Validators;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// One version of a file: which file it is, and what it was like.
///
/// @param path absolute path without links
/// @param byteSize length of the file in bytes
/// @param modifiedNanos when the file changed last, in nanoseconds since 1970
/// @param device file system of the file, or 0 where the system does not tell
/// @param inode number of the file there, or 0 where the system does not tell; another file may get it once this one
///     is closed and deleted
record FileEntry(Path path, long byteSize, long modifiedNanos, long device, long inode) {

    private static final String UNKNOWN_TYPE = "application/octet-stream";
    private static final boolean TELLS_INODES =
            Path.of("").getFileSystem().supportedFileAttributeViews().contains("unix");
    private static final String ATTRIBUTES = "size,lastModifiedTime,isRegularFile";

    /// Asks the system for the version that is at a path now.
    ///
    /// @throws NoSuchFileException if no regular file is there
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

    /// {@return what names this version to clients}
    ///
    /// Two files of one length that replace each other within one tick of the file system's clock have one tag, and so
    /// has a file that is written in place within one tick. Files that are replaced by a rename have no other limit.
    Validators validators() {
        String tag = "\"" + Long.toHexString(modifiedNanos) + "-" + Long.toHexString(byteSize) + "\"";
        return new Validators(tag, modifiedSecond());
    }

    /// {@return when the file changed last, for a header}
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
