package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/// The preconditions of [Files], checked by every implementation and written only here.
///
/// **Threads.** Stateless.
final class FilePreconditions {

    private FilePreconditions() {}

    static void checkPath(Path path) {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException("path is not of the default file system: " + path.toUri());
        }
    }

    static void checkTransfer(MemorySegment memory, long byteOffset) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("memory is not native: " + memory);
        }
        checkRange(byteOffset, memory.byteSize());
    }

    static void checkRange(long byteOffset, long byteSize) {
        if (byteOffset < 0 || byteSize < 0 || byteOffset > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException(
                    "range is not one of a file: byteOffset=" + byteOffset + ", byteSize=" + byteSize);
        }
    }

    static void checkPositiveRange(long byteOffset, long byteSize) {
        checkRange(byteOffset, byteSize);
        if (byteSize == 0) {
            throw new IllegalArgumentException("range is empty: byteOffset=" + byteOffset + ", byteSize=0");
        }
    }

    static SystemCallException noRegularFile(Path path) {
        return new SystemCallException("open", "path=" + path + ", not a regular file", Errno.EINVAL);
    }

    /// {@return the exception for a refused transfer}
    static SystemCallException ofTransfer(
            String call, int descriptor, MemorySegment memory, long byteOffset, int errno) {
        return ofRange(call, descriptor, byteOffset, memory.byteSize(), errno);
    }

    /// {@return the exception for a refused call on a range of a file}
    static SystemCallException ofRange(String call, int descriptor, long byteOffset, long byteSize, int errno) {
        String range = "descriptor=" + descriptor + ", byteOffset=" + byteOffset + ", byteSize=" + byteSize;
        return new SystemCallException(call, range, errno);
    }
}
