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

/// What the system tells of the file at a path, by one look.
///
/// **Threads.** Immutable.
///
/// @param device the file system, or 0 where that is not told
/// @param inode the number of the file there, or 0 where that is not told
/// @param modifiedNanos when its content changed last
/// @param changedNanos when it changed last in any way, or 0 where that is not told
record PathLook(long device, long inode, long modifiedNanos, long changedNanos) {

    /// A path that leads to another file at each of so many looks is refused.
    private static final int MAX_LOOKS = 16;

    /// Opens a channel for a path.
    interface Opening<C extends Channel> {
        C open() throws IOException;
    }

    /// {@return what is at a path, or null if there is nothing}
    static @Nullable PathLook at(Path path) throws IOException {
        try {
            if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
                FileTime modified = Files.getLastModifiedTime(path);
                return new PathLook(0, 0, modified.to(TimeUnit.NANOSECONDS), 0);
            }
            Map<String, Object> seen = Files.readAttributes(path, "unix:dev,ino,lastModifiedTime,ctime");
            return new PathLook(
                    number(seen, "dev"),
                    number(seen, "ino"),
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

    /// Opens a path until it leads to the same file before and afterwards.
    ///
    /// @param seen its first element is set to what is open
    static <C extends Channel> C openSettled(Path path, Opening<C> opening, @Nullable PathLook[] seen)
            throws IOException {
        for (int look = 0; look < MAX_LOOKS; look++) {
            PathLook before = at(path);
            C channel = opening.open();
            boolean isSettled = false;
            try {
                PathLook after = at(path);
                isSettled = before != null && after != null && before.isSameFile(after);
                if (isSettled) {
                    seen[0] = after;
                    return channel;
                }
            } finally {
                if (!isSettled) {
                    channel.close();
                }
            }
        }
        throw new IOException("path leads to another file at each look: path=" + path + ", looks=" + MAX_LOOKS);
    }

    boolean isSameFile(PathLook other) {
        return device == other.device && inode == other.inode;
    }
}
