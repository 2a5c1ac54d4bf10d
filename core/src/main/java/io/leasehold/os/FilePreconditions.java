package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/// The preconditions of [Files]. Every implementation checks them with this class.
///
/// **Threads.** Stateless.
final class FilePreconditions {

    private FilePreconditions() {}

    static void checkPath(Path path) {
        if (!path.getFileSystem().equals(FileSystems.getDefault())) {
            throw new IllegalArgumentException("path is not of the default file system: path=" + path.toUri());
        }
    }

    static void checkTransfer(MemorySegment memory, long byteOffset) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("memory is not native: memory=" + memory);
        }
        checkRange(byteOffset, memory.byteSize());
    }

    static void checkRange(long byteOffset, long byteSize) {
        if (byteOffset < 0 || byteSize < 0 || byteOffset > Long.MAX_VALUE - byteSize) {
            throw new IllegalArgumentException("file range is out of bounds: byteOffset=" + byteOffset + ", byteSize="
                    + byteSize + ", min=0, max=" + Long.MAX_VALUE);
        }
    }

    static void checkPositiveRange(long byteOffset, long byteSize) {
        checkRange(byteOffset, byteSize);
        if (byteSize == 0) {
            throw new IllegalArgumentException("file range is empty: byteOffset=" + byteOffset + ", byteSize=0, min=1");
        }
    }

    static SystemCallException noRegularFile(Path path) {
        return new SystemCallException("open", "path=" + path + ", not a regular file", Errno.EINVAL);
    }

    /// {@return the exception for a refused read or write}
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
