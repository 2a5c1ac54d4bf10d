package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;

/// Files of Linux on x86-64 and aarch64, by descriptors of the kernel.
///
/// Calls are repeated if a signal interrupts them, except close(2): an interrupted close(2) has already closed the
/// descriptor.
///
/// **Threads.** Thread-safe. A virtual thread stays on its carrier thread while it is in the kernel.
final class LinuxFiles implements Files {

    /// Relative paths start at the working directory.
    private static final int AT_FDCWD = -100;

    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 0x2;
    private static final int O_CREAT = 0x40;

    /// "Neither the open() nor any subsequent I/O operations [...] will cause the calling process to wait". This
    /// matters for pipes; it has no effect on regular files.
    private static final int O_NONBLOCK = 0x800;

    private static final int O_CLOEXEC = 0x80000;
    private static final int MODE = 0666;

    /// "The file size will not be changed even if offset+size is greater than the file size."
    private static final int FALLOC_FL_KEEP_SIZE = 0x1;

    /// Wait for writes in flight, then start writing the rest.
    private static final int SYNC_FILE_RANGE_WAIT_BEFORE_AND_WRITE = 0x1 | 0x2;

    /// Access to a mapping that is only synced. For a file that is open for reading only, msync(2) would do nothing. So
    /// the mapping is writable: mmap(2) refuses it for such a file, and the whole file is synced instead.
    private static final int PROT_READ_WRITE = 3;

    private static final int PROT_READ = 1;

    private static final int MAP_SHARED = 0x01;
    private static final int MS_SYNC = 0x4;

    private static final int SEEK_END = 2;

    /// Size of `struct stat` in bytes, for both architectures. Of the fields used here, only the offset of the mode
    /// differs.
    private static final int STAT_BYTES = 144;

    private static final int ST_DEV = 0;
    private static final int ST_INO = 8;
    private static final int ST_SIZE = 48;
    private static final int ST_BLOCKS = 64;
    private static final int ST_MTIME = 88;
    private static final int ST_CTIME = 104;

    private static final int S_IFMT = 0170000;
    private static final int S_IFREG = 0100000;

    /// In the order of the kernel's numbers.
    private static final List<Advice> ADVICE =
            List.of(Advice.NORMAL, Advice.RANDOM, Advice.SEQUENTIAL, Advice.WILL_NEED);

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final int modeOffset = OsOptions.ofSystem().isAarch64() ? 16 : 24; // (C)
    private final long pageSize = LinuxCall.pageSize(); // (C)

    /// Initializes the classes of its methods. If the stack overflowed in their first use, they would be unusable for
    /// ever.
    LinuxFiles() {
        int ignored = NativePath.bytesOf(Path.of("/")).length;
        LinuxCall.linkTransfer();
    }

    @Override
    public boolean can(Capability capability) {
        return true;
    }

    @Override
    public int open(Path path, Access access) {
        FilePreconditions.checkPath(path);
        int flags = O_CLOEXEC
                | O_NONBLOCK
                | (access == Access.READ ? O_RDONLY : access == Access.READ_WRITE ? O_RDWR : O_RDWR | O_CREAT);
        long descriptor = open(path, flags);
        if (descriptor < 0) {
            throw new SystemCallException("open", "path=" + path + ", " + access, (int) -descriptor);
        }
        boolean regular = false;
        try {
            regular = isRegular((int) descriptor);
        } finally {
            if (!regular) {
                KernelHoldings.closeDescriptor(descriptor);
            }
        }
        if (!regular) {
            throw FilePreconditions.noRegularFile(path);
        }
        return (int) descriptor;
    }

    /// {@return an open and recorded descriptor, or a negated error number}
    private static long open(Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bytes = NativePath.bytesOf(path);
            MemorySegment text = arena.allocate(bytes.length + 1L); // filled with zeroes, so the text ends with a zero
            text.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            long name = text.address();
            long result;
            do {
                result = LinuxCall.OPENAT.invoke(AT_FDCWD, name, flags, MODE, 0, 0);
            } while (result == -Errno.EINTR);
            return KernelHoldings.addDescriptor(result);
        }
    }

    private boolean isRegular(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            return (stat(descriptor, arena).get(ValueLayout.JAVA_INT, modeOffset) & S_IFMT) == S_IFREG;
        }
    }

    @Override
    public Status status(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stat = stat(descriptor, arena);
            return new Status(
                    stat.get(ValueLayout.JAVA_LONG, ST_SIZE),
                    stat.get(ValueLayout.JAVA_LONG, ST_BLOCKS),
                    stat.get(ValueLayout.JAVA_LONG, ST_DEV),
                    stat.get(ValueLayout.JAVA_LONG, ST_INO),
                    nanos(stat, ST_MTIME),
                    nanos(stat, ST_CTIME));
        }
    }

    /// {@return a `struct timespec` in nanoseconds, as [FileTime#to] converts it; the nearest number if it does not
    /// fit, which is after the year 2262}
    private static long nanos(MemorySegment stat, long offset) {
        long seconds = stat.get(ValueLayout.JAVA_LONG, offset);
        long nanos = stat.get(ValueLayout.JAVA_LONG, offset + Long.BYTES);
        try {
            return Math.addExact(Math.multiplyExact(seconds, NANOS_PER_SECOND), nanos);
        } catch (ArithmeticException e) {
            return seconds < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
    }

    @Override
    public boolean tellsLength(int descriptor) {
        return ReportedLength.isTrue(this, descriptor);
    }

    /// Calls lseek(2), which needs no memory for its result. It moves the file position, which nothing uses here.
    @Override
    public long byteSize(int descriptor) {
        long result = LinuxCall.LSEEK.invoke(descriptor, 0, SEEK_END);
        // many files of proc have no end to seek to
        return result < 0 ? status(descriptor).byteSize() : result;
    }

    /// Probes with a new mapping at an address that the kernel chooses. A refused mapping over another one could leave
    /// a hole.
    @Override
    public boolean canMap(int descriptor, boolean writes) {
        int protection = writes ? PROT_READ_WRITE : PROT_READ;
        long result = LinuxCall.MMAP.invoke(0, pageSize, protection, MAP_SHARED, descriptor, 0);
        if (result >= 0) {
            LinuxCall.MUNMAP.invoke(result, pageSize, 0);
            return true;
        }
        // a shortage of resources is no property of the file
        return result == -Errno.ENOMEM || result == -Errno.EAGAIN || result == -Errno.ENFILE;
    }

    /// Opens the link of the descriptor in proc. It leads to the same file even if the file was renamed.
    @Override
    public FileChannel openChannel(int descriptor) {
        try {
            return FileChannel.open(Path.of("/proc/self/fd/" + descriptor), StandardOpenOption.READ);
        } catch (IOException e) {
            SystemCallException refusal =
                    new SystemCallException("open", "path=/proc/self/fd/" + descriptor, JdkErrno.of(e));
            refusal.initCause(e);
            throw refusal;
        }
    }

    @Override
    public long read(int descriptor, MemorySegment to, long byteOffset) {
        return transfer(LinuxCall.PREAD64, "pread", descriptor, to, byteOffset);
    }

    @Override
    public long write(int descriptor, MemorySegment from, long byteOffset) {
        return transfer(LinuxCall.PWRITE64, "pwrite", descriptor, from, byteOffset);
    }

    @Override
    public void truncate(int descriptor, long byteSize) {
        FilePreconditions.checkRange(0, byteSize);
        long result;
        do {
            result = LinuxCall.FTRUNCATE.invoke(descriptor, byteSize, 0);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw new SystemCallException(
                    "ftruncate", "descriptor=" + descriptor + ", byteSize=" + byteSize, (int) -result);
        }
    }

    @Override
    public void allocate(int descriptor, long byteOffset, long byteSize) {
        FilePreconditions.checkPositiveRange(byteOffset, byteSize);
        long result;
        do {
            result = LinuxCall.FALLOCATE.invoke(descriptor, FALLOC_FL_KEEP_SIZE, byteOffset, byteSize, 0, 0);
        } while (result == -Errno.EINTR);
        requireRange("fallocate", descriptor, byteOffset, byteSize, result);
    }

    @Override
    public void sync(int descriptor) {
        long result;
        do {
            result = LinuxCall.FDATASYNC.invoke(descriptor, 0, 0);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw new SystemCallException("fdatasync", "descriptor=" + descriptor, (int) -result);
        }
    }

    /// Syncs a temporary mapping, because only a mapping has a call that makes a range durable. No thread touches the
    /// mapping, so it never faults. It costs two short calls in addition to the wait for the disk.
    @Override
    public void sync(int descriptor, long byteOffset, long byteSize) {
        FilePreconditions.checkPositiveRange(byteOffset, byteSize);
        long from = byteOffset & -pageSize;
        long mappedByteSize = byteOffset + byteSize - from;
        long address = LinuxCall.MMAP.invoke(0, mappedByteSize, PROT_READ_WRITE, MAP_SHARED, descriptor, from);
        if (address < 0) {
            sync(descriptor); // the mapping failed: sync the whole file
            return;
        }
        long result = LinuxCall.MSYNC.invoke(address, mappedByteSize, MS_SYNC);
        LinuxCall.MUNMAP.invoke(address, mappedByteSize, 0);
        if (result < 0 && Errno.refusesCall((int) -result)) {
            sync(descriptor);
            return;
        }
        requireRange("msync", descriptor, byteOffset, byteSize, result);
    }

    @Override
    public void writeBack(int descriptor, long byteOffset, long byteSize) {
        FilePreconditions.checkPositiveRange(byteOffset, byteSize);
        long result;
        do {
            result = LinuxCall.SYNC_FILE_RANGE.invoke(
                    descriptor, byteOffset, byteSize, SYNC_FILE_RANGE_WAIT_BEFORE_AND_WRITE, 0, 0);
        } while (result == -Errno.EINTR);
        if (result < 0 && Errno.refusesCall((int) -result)) {
            sync(descriptor); // gVisor refuses these flags; syncing the whole file bounds dirty memory too
            return;
        }
        requireRange("sync_file_range", descriptor, byteOffset, byteSize, result);
    }

    @Override
    public void advise(int descriptor, long byteOffset, long byteSize, Advice advice) {
        FilePreconditions.checkRange(byteOffset, byteSize);
        int number = ADVICE.indexOf(advice);
        long result = LinuxCall.FADVISE64.invoke(descriptor, byteOffset, byteSize, number, 0, 0);
        // advice that the kernel does not accept has no effect
        if (result < 0 && !Errno.refusesCall((int) -result)) {
            throw FilePreconditions.ofRange("posix_fadvise", descriptor, byteOffset, byteSize, (int) -result);
        }
    }

    @Override
    public void close(int descriptor) {
        long result = KernelHoldings.closeDescriptor(descriptor);
        if (result < 0 && result != -Errno.EINTR) {
            throw new SystemCallException("close", "descriptor=" + descriptor, (int) -result);
        }
    }

    @Override
    public String toString() {
        return "LinuxFiles";
    }

    private static long transfer(LinuxCall call, String name, int descriptor, MemorySegment memory, long byteOffset) {
        FilePreconditions.checkTransfer(memory, byteOffset);
        long byteSize = memory.byteSize();
        long done = 0;
        while (done < byteSize) {
            MemorySegment rest = done == 0 ? memory : memory.asSlice(done);
            long result = call.transfer(descriptor, rest, byteSize - done, byteOffset + done);
            if (result > 0) {
                done += result;
            } else if (result == 0 || (done > 0 && result != -Errno.EINTR)) {
                return done;
            } else if (result != -Errno.EINTR) {
                throw FilePreconditions.ofTransfer(name, descriptor, memory, byteOffset, (int) -result);
            }
        }
        return done;
    }

    private static MemorySegment stat(int descriptor, Arena arena) {
        MemorySegment stat = arena.allocate(STAT_BYTES, Long.BYTES);
        long result = LinuxCall.FSTAT.invoke(descriptor, stat.address(), 0);
        if (result < 0) {
            throw new SystemCallException("fstat", "descriptor=" + descriptor, (int) -result);
        }
        return stat;
    }

    private static void requireRange(String call, int descriptor, long byteOffset, long byteSize, long result) {
        if (result < 0) {
            throw FilePreconditions.ofRange(call, descriptor, byteOffset, byteSize, (int) -result);
        }
    }
}
