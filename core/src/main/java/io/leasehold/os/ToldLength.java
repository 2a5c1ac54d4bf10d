package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Finds out whether a file system tells how long a file is.
///
/// Files of proc say that they have no bytes, and files of sysfs that they have a page; the truth is what read(2)
/// finds. A file that has blocks on a disk is believed. Of the others the last byte is looked for, and the one behind
/// it.
///
/// **Threads.** Stateless.
final class ToldLength {

    /// A file whose length changes at each of so many looks is one that others write, and its length is told.
    private static final int MAX_LOOKS = 16;

    private ToldLength() {}

    /// {@return true if the length that the system tells is where the file ends}
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
            return false; // each read tells what is wrong, a length would not
        }
    }
}
