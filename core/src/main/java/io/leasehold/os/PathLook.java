package io.leasehold.os;

import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The state of the file at a path, as the system reports it at one moment.
///
/// **Threads.** Immutable.
///
/// @param device number of the file system, or 0 if unknown
/// @param inode number of the file in its file system, or 0 if unknown. The system gives the number of a deleted file
///     to the next new file
/// @param createdNanos time at which the file was created, in nanoseconds since 1970; the same as `modifiedNanos` if
///     the file system does not report it
/// @param modifiedNanos time of the last change of the content, in nanoseconds since 1970
/// @param changedNanos time of the last change of any kind, in nanoseconds since 1970, or 0 if unknown
record PathLook(long device, long inode, long createdNanos, long modifiedNanos, long changedNanos) {

    /// Maximum number of attempts. If the path leads to another file at each attempt, opening it fails.
    private static final int MAX_LOOKS = 16;

    /// Opens a channel for a path.
    interface Opening<C extends Channel> {
        C open() throws IOException;
    }

    /// {@return the state of the file at a path, or null if there is no file}
    static @Nullable PathLook at(Path path) throws IOException {
        try {
            if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
                FileTime modified = Files.getLastModifiedTime(path);
                return new PathLook(0, 0, modified.to(TimeUnit.NANOSECONDS), modified.to(TimeUnit.NANOSECONDS), 0);
            }
            Map<String, Object> seen = Files.readAttributes(path, "unix:dev,ino,creationTime,lastModifiedTime,ctime");
            return new PathLook(
                    number(seen, "dev"),
                    number(seen, "ino"),
                    time(seen, "creationTime").to(TimeUnit.NANOSECONDS),
                    time(seen, "lastModifiedTime").to(TimeUnit.NANOSECONDS),
                    time(seen, "ctime").to(TimeUnit.NANOSECONDS));
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static long number(Map<String, Object> seen, String name) {
        return ((Number) Objects.requireNonNull(seen.get(name))).longValue();
    }

    private static FileTime time(Map<String, Object> seen, String name) {
        return (FileTime) Objects.requireNonNull(seen.get(name));
    }

    /// Opens a path. Repeats this until the path leads to the same file before and after it was opened.
    ///
    /// @param seen its first element is set to the state of the open file
    static <C extends Channel> C openStable(Path path, Opening<C> opening, @Nullable PathLook[] seen)
            throws IOException {
        for (int look = 0; look < MAX_LOOKS; look++) {
            PathLook before = at(path);
            C channel = opening.open();
            boolean isStable = false;
            try {
                PathLook after = at(path);
                isStable = before != null && after != null && before.isSameFile(after);
                if (isStable) {
                    seen[0] = after;
                    return channel;
                }
            } finally {
                if (!isStable) {
                    channel.close();
                }
            }
        }
        throw new IOException("path leads to another file at each attempt: path=" + path + ", attempts=" + MAX_LOOKS);
    }

    /// {@return true if two states are of one file: the same number, and the same time of creation if that is known}
    boolean isSameFile(PathLook other) {
        boolean isCreationKnown = createdNanos != modifiedNanos || other.createdNanos != other.modifiedNanos;
        return device == other.device
                && inode == other.inode
                && (createdNanos == other.createdNanos || !isCreationKnown);
    }
}
