package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.server.http.HttpDates;
import io.leasehold.bench.scenario.server.http.Validators;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// One version of a file: its identity and its attributes.
///
/// @param path absolute path without links
/// @param byteSize length of the file in bytes
/// @param modifiedNanos time of the last change of the content, in nanoseconds since 1970; users can set it
/// @param changedNanos time of the last change of any kind, in nanoseconds since 1970, or 0 if the system does not
///     report it; users cannot set it
/// @param device file system of the file, or 0 if the system does not report it
/// @param inode number of the file there, or 0 if the system does not report it; another file may get the number after
///     this one is closed and deleted
record FileEntry(Path path, long byteSize, long modifiedNanos, long changedNanos, long device, long inode) {

    private static final long CLEAR_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final String UNKNOWN_TYPE = "application/octet-stream";
    private static final boolean TELLS_INODES =
            Path.of("").getFileSystem().supportedFileAttributeViews().contains("unix");
    private static final String ATTRIBUTES = "size,lastModifiedTime,isRegularFile";

    /// {@return the version of the file at a path, as the system reports it now}
    ///
    /// @throws NoSuchFileException if there is no regular file
    static FileEntry of(Path path) throws IOException {
        Map<String, Object> attributes =
                Files.readAttributes(path, TELLS_INODES ? "unix:dev,ino,ctime," + ATTRIBUTES : ATTRIBUTES);
        if (!Boolean.TRUE.equals(attributes.get("isRegularFile"))) {
            throw new NoSuchFileException(path.toString());
        }
        return new FileEntry(
                path,
                number(attributes, "size"),
                nanos(attributes, "lastModifiedTime"),
                nanos(attributes, "ctime"),
                number(attributes, "dev"),
                number(attributes, "ino"));
    }

    private static long number(Map<String, Object> attributes, String name) {
        return attributes.get(name) instanceof Number number ? number.longValue() : 0;
    }

    private static long nanos(Map<String, Object> attributes, String name) {
        return attributes.get(name) instanceof FileTime time ? time.to(TimeUnit.NANOSECONDS) : 0;
    }

    /// {@return true if another entry is of this file, in any version; where the system reports no inodes, only in this
    /// version}
    boolean isSameFile(FileEntry other) {
        return inode == 0 ? equals(other) : device == other.device && inode == other.inode;
    }

    /// {@return the validators that identify this version to clients}
    ///
    /// The tag has the time of modification and the length. If the last change of any kind is before the time of
    /// modification, or two seconds or more after it, a user may have set the time of modification. Another version may
    /// then have the same time, so the tag also has the time of the last change and the inode.
    ///
    /// Two files of the same length that replace each other within one clock tick of the file system have the same tag.
    /// So have two states of a file that is written in place within one tick.
    Validators validators() {
        boolean isModifiedClear =
                changedNanos == 0 || (modifiedNanos <= changedNanos && modifiedNanos > changedNanos - CLEAR_NANOS);
        return validators(isModifiedClear);
    }

    /// {@return validators whose tag differs from that of every other version with the same time of modification}
    Validators distinctValidators() {
        return validators(false);
    }

    private Validators validators(boolean isModifiedClear) {
        String tag = Long.toHexString(modifiedNanos) + "-" + Long.toHexString(byteSize);
        String whole =
                isModifiedClear ? tag : tag + "-" + Long.toHexString(changedNanos) + "-" + Long.toHexString(inode);
        return new Validators("\"" + whole + "\"", modifiedSecond());
    }

    /// {@return the time of modification as a header value, or the present time if the former is in the future (RFC
    /// 9110, 8.8.2.1)}
    String modified() {
        return HttpDates.text(
                Math.min(modifiedSecond(), Clock.systemUTC().instant().getEpochSecond()));
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
