package io.leasehold.window;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/// What went wrong, with file, offset and length.
///
/// **Threads.** Stateless.
final class WindowErrors {

    /// What some network file systems answer that mean EOPNOTSUPP; errno(3) does not have it.
    private static final int ENOTSUPP = 524;

    private static final Duration MAX_TIMEOUT = Duration.ofNanos(Long.MAX_VALUE);

    /// Where a file may end that is written here: less than a `long` holds by a slot of the largest size, so that no
    /// sum of an offset and a size overflows.
    static final long MAX_END = Long.MAX_VALUE - (1L << 40);

    private WindowErrors() {}

    /// {@return the error for a file that cannot be opened; if it is missing, the one that the JDK throws}
    static IOException cannotOpen(Path path, SystemCallException cause) {
        if (cause.errno() == Errno.ENOENT) {
            NoSuchFileException missing = new NoSuchFileException(path.toString(), null, cause.getMessage());
            missing.initCause(cause);
            return missing;
        }
        return new IOException("cannot open: file=" + path + ": " + cause.getMessage(), cause);
    }

    /// {@return the error for a transfer that the system refused}
    static IOException failed(String what, MappedFile file, long byteOffset, long byteSize, Throwable cause) {
        return new IOException(
                "cannot %s: file=%s, byteOffset=%d, byteSize=%d: %s"
                        .formatted(what, file.path(), byteOffset, byteSize, cause.getMessage()),
                cause);
    }

    /// {@return the error for a call on a whole file that the system refused}
    static IOException failed(String what, MappedFile file, SystemCallException cause) {
        return new IOException("cannot %s: file=%s: %s".formatted(what, file.path(), cause.getMessage()), cause);
    }

    /// {@return the error for a file that got shorter while it was read}
    static IOException truncated(MappedFile file, long byteOffset, long byteSize, long fileByteSize) {
        return new IOException("file was truncated while it was read: file=%s, byteOffset=%d, byteSize=%d, now=%d"
                .formatted(file.path(), byteOffset, byteSize, fileByteSize));
    }

    /// @throws IllegalArgumentException if no file has such a range
    static void checkRange(long byteOffset, long byteSize) {
        if (byteOffset < 0 || byteSize < 0 || byteOffset > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException(
                    "range is not one of a file: byteOffset=" + byteOffset + ", byteSize=" + byteSize);
        }
    }

    /// {@return the error for what needs to know where a file ends}
    static IOException lengthUnknown(String what, MappedFile file) {
        return new IOException("cannot %s, the file system does not tell the length: file=%s, trust=%s"
                .formatted(what, file.path(), file.trust()));
    }

    /// {@return the error for a window that has no bytes}
    static EOFException beyondEnd(MappedFile file, long byteOffset) {
        return new EOFException("window begins behind the end: file=%s, byteOffset=%d, fileByteSize=%d"
                .formatted(file.path(), byteOffset, file.knownByteSize()));
    }

    /// {@return true if the file system refuses a kind of call for this file, which others may do in its place}
    static boolean isUnsupported(SystemCallException refusal) {
        return switch (refusal.errno()) {
            case Errno.ENODEV, Errno.EACCES, Errno.EPERM, Errno.EINVAL, Errno.ENOSYS, Errno.EOPNOTSUPP -> true;
            default -> refusal.errno() == ENOTSUPP;
        };
    }

    /// {@return the error for what was stored in a window whose file was closed by force}
    static IOException closedByForce(MappedFile file, Window window) {
        return new IOException("cannot write, file was closed by force: file=%s, byteOffset=%d, byteSize=%d"
                .formatted(file.path(), window.byteOffset(), window.byteSize()));
    }

    /// {@return a timeout in nanoseconds}
    ///
    /// @throws IllegalArgumentException if it is more than a `long` holds
    static long nanos(Duration timeout) {
        if (timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException("timeout is too long: timeout=" + timeout + ", max=" + MAX_TIMEOUT);
        }
        return timeout.isNegative() ? 0 : timeout.toNanos();
    }

    /// Checks where something that is to be written ends.
    ///
    /// @throws IOException if no file can be as long
    static void checkEnd(String what, MappedFile file, long end) throws IOException {
        if (end > MAX_END) {
            throw new IOException("cannot %s, file would be too large: file=%s, end=%d, max=%d"
                    .formatted(what, file.path(), end, MAX_END));
        }
    }

    static IllegalArgumentException ofAnotherCache(Object what, WindowCache cache) {
        return new IllegalArgumentException("%s is of another cache: cache=%s"
                .formatted(what, cache.options().name()));
    }

    static IllegalStateException closed(MappedFile file) {
        return new IllegalStateException("file is closed: " + file.path());
    }

    static IllegalStateException notWritable(MappedFile file) {
        return new IllegalStateException(
                "file is not open for writing: file=" + file.path() + ", trust=" + file.trust());
    }

    static IllegalStateException inUse(String what, MappedFile file, String windows) {
        return new IllegalStateException(
                "cannot %s, windows are out: file=%s, windows=%s".formatted(what, file.path(), windows));
    }
}
