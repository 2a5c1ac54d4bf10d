package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.Errno;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;

/// Creates the exceptions of this package, with file, offset and length.
///
/// **Threads.** Stateless.
final class WindowErrors {

    /// The error of some network file systems that means EOPNOTSUPP; errno(3) does not list it.
    private static final int ENOTSUPP = 524;

    private static final Duration MAX_TIMEOUT = Duration.ofNanos(Long.MAX_VALUE);

    /// The maximum end of a file that is written here: one slot of the largest size below the maximum of `long`, so
    /// that no sum of an offset and a size overflows.
    static final long MAX_END = Long.MAX_VALUE - (1L << 40);

    private WindowErrors() {}

    /// {@return the exception for a file that cannot be opened; for a missing or forbidden file, the same as in the
    /// JDK}
    static IOException cannotOpen(Path path, SystemCallException cause) {
        if (cause.errno() == Errno.ENOENT) {
            NoSuchFileException missing = new NoSuchFileException(path.toString(), null, cause.getMessage());
            missing.initCause(cause);
            return missing;
        }
        if (cause.errno() == Errno.EACCES) {
            AccessDeniedException denied = new AccessDeniedException(path.toString(), null, cause.getMessage());
            denied.initCause(cause);
            return denied;
        }
        return new IOException("cannot open: file=" + path + ": " + cause.getMessage(), cause);
    }

    /// {@return the exception for a transfer whose system call failed}
    static IOException failed(String what, MappedFile file, long byteOffset, long byteSize, Throwable cause) {
        return new IOException(
                format(
                        "cannot %s: file=%s, byteOffset=%d, byteSize=%d: %s",
                        what, file.path(), byteOffset, byteSize, cause.getMessage()),
                cause);
    }

    /// {@return the exception for a call on a whole file whose system call failed}
    static IOException failed(String what, MappedFile file, SystemCallException cause) {
        return new IOException(format("cannot %s: file=%s: %s", what, file.path(), cause.getMessage()), cause);
    }

    /// {@return the exception for a file that was truncated during a read}
    static IOException truncated(MappedFile file, long byteOffset, long byteSize, long fileByteSize) {
        return new IOException(format(
                "file was truncated while it was read: file=%s, byteOffset=%d, byteSize=%d, fileByteSize=%d",
                file.path(), byteOffset, byteSize, fileByteSize));
    }

    /// {@return the exception for a write to a file that is shorter than this process has made it}
    static IOException truncatedByOthers(MappedFile file, long expectedEnd, long fileByteSize) {
        return new IOException(format(
                        "cannot write, file was truncated by others: file=%s, expectedEnd=%d, fileByteSize=%d",
                        file.path(), expectedEnd, fileByteSize)
                + "; truncate it to at most fileByteSize, or open it again");
    }

    /// @throws IllegalArgumentException if an argument is negative or the range ends behind [Long#MAX_VALUE]
    static void checkRange(long byteOffset, long byteSize) {
        if (byteOffset < 0 || byteSize < 0 || byteOffset > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException("range is negative or too large: byteOffset=" + byteOffset
                    + ", byteSize=" + byteSize + ", min=0, max=" + Long.MAX_VALUE);
        }
    }

    /// {@return the exception for a call that needs to know the end of the file}
    static IOException lengthUnknown(String what, MappedFile file) {
        return new IOException(format(
                "cannot %s, the file system does not report the length: file=%s, trust=%s",
                what, file.path(), file.trust()));
    }

    /// {@return the exception for a window that has no bytes}
    static EOFException beyondEnd(MappedFile file, long byteOffset) {
        return new EOFException(format(
                "window begins behind the end: file=%s, byteOffset=%d, fileByteSize=%d",
                file.path(), byteOffset, file.knownByteSize()));
    }

    /// {@return true if the file system does not support a call for this file; another call can replace it}
    static boolean isUnsupported(SystemCallException failure) {
        return switch (failure.errno()) {
            case Errno.ENODEV, Errno.EACCES, Errno.EPERM, Errno.EINVAL, Errno.ENOSYS, Errno.EOPNOTSUPP -> true;
            default -> failure.errno() == ENOTSUPP;
        };
    }

    /// {@return the exception for stores in a window whose file was closed by force}
    static IOException closedByForce(MappedFile file, Window window) {
        return new IOException(format(
                "cannot write, file was closed by force: file=%s, byteOffset=%d, byteSize=%d",
                file.path(), window.byteOffset(), window.byteSize()));
    }

    /// {@return a timeout in nanoseconds}
    ///
    /// @throws IllegalArgumentException if the timeout is too long for a `long`
    static long nanos(Duration timeout) {
        if (timeout.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException("timeout is too long: timeout=" + timeout + ", max=" + MAX_TIMEOUT);
        }
        return timeout.isNegative() ? 0 : timeout.toNanos();
    }

    /// Checks the end of a range to be written.
    ///
    /// @throws IOException if the end is behind [#MAX_END]
    static void checkEnd(String what, MappedFile file, long end) throws IOException {
        if (end > MAX_END) {
            throw new IOException(format(
                    "cannot %s, file would be too large: file=%s, end=%d, max=%d", what, file.path(), end, MAX_END));
        }
    }

    static IllegalArgumentException ofAnotherCache(Object what, WindowCache cache) {
        return new IllegalArgumentException(format(
                "file or window belongs to another cache: %s, cache=%s",
                what, cache.options().name()));
    }

    static WindowStateException closed(MappedFile file) {
        return new WindowStateException(StateKind.CLOSED, "file is closed: file=" + file.path());
    }

    static WindowStateException hasWriter(MappedFile file, MappedFile writer) {
        return new WindowStateException(
                StateKind.IN_USE,
                format(
                        "cannot open, the cache has the file open for writing: file=%s, writer=%s;"
                                + " use that object, or close it",
                        file.path(), writer.path()));
    }

    static WindowStateException notWritable(MappedFile file) {
        return new WindowStateException(
                StateKind.NOT_WRITABLE,
                "file is not open for writing: file=" + file.path() + ", trust=" + file.trust());
    }

    static WindowStateException inUse(String what, MappedFile file, String windows) {
        return new WindowStateException(
                StateKind.IN_USE,
                format("cannot %s, windows are outstanding: file=%s, windows=%s", what, file.path(), windows));
    }
}
