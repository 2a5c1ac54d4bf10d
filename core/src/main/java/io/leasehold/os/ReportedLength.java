package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Checks whether a file system reports the true length of a file.
///
/// Files of proc report 0 bytes, and files of sysfs a page; the true length is what read(2) finds. If a file has blocks
/// on a disk, its reported length is taken as true. For other files the last byte is read, and the byte after it.
///
/// **Threads.** Stateless.
final class ReportedLength {

    /// Maximum number of attempts. If the length changes at each attempt, other processes write the file, and its
    /// length counts as true.
    private static final int MAX_LOOKS = 16;

    private ReportedLength() {}

    /// {@return true if the file ends at its reported length}
    static boolean isTrue(Files files, int descriptor) {
        Files.Status status = files.status(descriptor);
        for (int look = 0; look < MAX_LOOKS; look++) {
            long byteSize = status.byteSize();
            if ((byteSize > 0 && status.blocks() > 0) || endsAt(files, descriptor, byteSize)) {
                return true;
            }
            status = files.status(descriptor);
            if (status.byteSize() == byteSize) {
                return false;
            }
        }
        return true;
    }

    private static boolean endsAt(Files files, int descriptor, long byteSize) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment two = arena.allocate(2);
            return byteSize == 0 ? files.read(descriptor, two, 0) == 0 : files.read(descriptor, two, byteSize - 1) == 1;
        } catch (SystemCallException e) {
            return false; // a later read reports the error
        }
    }
}
