package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Knows whether a file system reports the length of a file, and measures the file if not.
///
/// Files of proc report a length of 0, and files of sysfs one page. The real length is found by read(2).
///
/// **Threads.** Thread-safe.
final class FileLength {

    /// Maximum number of bytes to read to find a length. No generated file is that long, except for the memory of a
    /// process.
    private static final long MAX_READ_BYTES = 64L << 20;

    private static final long BLOCK_BYTES = 64 << 10;

    private final Files files; // (C)
    private final int descriptor; // (C)
    private volatile boolean isReported; // (A) true to false once

    /// Examines an open file.
    ///
    /// @throws SystemCallException if the system call fails
    FileLength(Files files, int descriptor) {
        this.files = files;
        this.descriptor = descriptor;
        this.isReported = files.tellsLength(descriptor);
    }

    /// {@return true if the system reports the length}
    boolean isReported() {
        return isReported;
    }

    /// Examines a file again that is reported to be empty. A file of proc may have had no content when it was opened.
    ///
    /// @return true if the system reports the length
    /// @throws SystemCallException if the system call fails
    boolean examineEmpty(MappedFile file) {
        int entered = file.enter();
        try {
            isReported = files.tellsLength(descriptor);
            return isReported;
        } finally {
            file.leave(entered);
        }
    }

    /// {@return the length of a file whose length is not reported; it may change from call to call}
    ///
    /// @throws IOException if the file is longer than [#MAX_READ_BYTES]
    /// @throws SystemCallException if the system call fails
    long measure(MappedFile file) throws IOException {
        int entered = file.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(BLOCK_BYTES);
            long end = 0;
            while (end < MAX_READ_BYTES) {
                long count = files.read(descriptor, block, end);
                if (count == 0) {
                    return end;
                }
                end += count;
            }
        } finally {
            file.leave(entered);
        }
        throw new IOException(format(
                "cannot measure the file, its length is not reported: file=%s, read=%d, max=%d",
                file.path(), MAX_READ_BYTES, MAX_READ_BYTES));
    }
}
