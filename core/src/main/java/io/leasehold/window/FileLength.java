package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Whether a file system tells how long a file is, and how long the file is if not.
///
/// Files of proc say that they have no bytes, and files of sysfs that they have a page; the truth is what read(2)
/// finds.
///
/// **Threads.** Immutable.
final class FileLength {

    /// What is read at most to find a length. Nothing that is made up while it is read has as much, but for the memory
    /// of a process.
    private static final long MAX_READ_BYTES = 64L << 20;

    private static final long BLOCK_BYTES = 64 << 10;

    private final Files files; // (C)
    private final int descriptor; // (C)
    private final boolean isReported; // (C)

    /// Looks at an open file.
    ///
    /// @throws SystemCallException if the system refuses to tell
    FileLength(Files files, int descriptor) {
        this.files = files;
        this.descriptor = descriptor;
        this.isReported = files.tellsLength(descriptor);
    }

    /// {@return true if the system tells the length}
    boolean isReported() {
        return isReported;
    }

    /// {@return the length of a file that does not tell it, which may be another one at the next call}
    ///
    /// @throws IOException if there is more to read than such a file has
    /// @throws SystemCallException if the system refuses
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
        throw new IOException("cannot find the length, the file system does not tell it: file=%s, read=%d, max=%d"
                .formatted(file.path(), MAX_READ_BYTES, MAX_READ_BYTES));
    }
}
