package io.leasehold.window;

import io.leasehold.os.OsException;
import java.io.IOException;

/// What went wrong, with file, offset and length.
///
/// **Threads.** Stateless.
final class WindowErrors {

    private WindowErrors() {}

    /// {@return the error for a transfer that the system refused}
    static IOException refused(String what, MappedFile file, long byteOffset, long byteSize, Throwable cause) {
        return new IOException(
                "cannot %s: file=%s, byteOffset=%d, byteSize=%d: %s"
                        .formatted(what, file.path(), byteOffset, byteSize, cause.getMessage()),
                cause);
    }

    /// {@return the error for a call on a whole file that the system refused}
    static IOException refused(String what, MappedFile file, OsException cause) {
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

    static IllegalStateException closed(MappedFile file) {
        return new IllegalStateException("file is closed: " + file.path());
    }

    static IllegalStateException notWritable(MappedFile file) {
        return new IllegalStateException(
                "file is not open for writing: file=" + file.path() + ", trust=" + file.trust());
    }

    static IllegalStateException lent(String what, MappedFile file, String windows) {
        return new IllegalStateException(
                "cannot %s, windows are out: file=%s, windows=%s".formatted(what, file.path(), windows));
    }
}
