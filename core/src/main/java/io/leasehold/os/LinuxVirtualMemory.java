package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/// Virtual memory of Linux on x86-64 and aarch64.
///
/// Calls are repeated if a signal interrupts them, except close(2): an interrupted close(2) has already closed the
/// descriptor.
///
/// **Ownership.** There is one object in a process; see [AddressSpace].
///
/// **Threads.** Thread-safe. The kernel serializes the mapping calls of all threads.
final class LinuxVirtualMemory implements VirtualMemory {

    private static final int PROT_NONE = 0;
    private static final int PROT_READ = 1;
    private static final int PROT_READ_WRITE = 3;

    private static final int MAP_SHARED = 0x01;
    private static final int MAP_PRIVATE = 0x02;

    /// "Place the mapping at exactly that address. If the memory region [...] overlaps pages of any existing
    /// mapping(s), then the overlapped part of the existing mapping(s) will be discarded."
    private static final int MAP_FIXED = 0x10;

    private static final int MAP_ANONYMOUS = 0x20;

    /// "Do not reserve swap space for this mapping", so that address space alone is not charged.
    private static final int MAP_NORESERVE = 0x4000;

    private static final int MREMAP_MAYMOVE = 1;

    private static final int MFD_CLOEXEC = 0x1;

    /// The file can never be executed. Without this flag kernels since 6.3 log a warning, and may refuse the call.
    private static final int MFD_NOEXEC_SEAL = 0x8;

    private static final String LOCK_REMEDY =
            "raise RLIMIT_MEMLOCK (ulimit -l), allow mlock in the seccomp profile, or do not lock pages";

    private static final String MEMORY_FILE_REMEDY =
            "allow memfd_create in the seccomp profile, or use pages without a memory file";

    private static final Path HUGE_PAGE_SIZE = Path.of("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
    private static final Path MAX_MAP_COUNT = Path.of("/proc/sys/vm/max_map_count");

    private final LinuxAdvice advice; // (C)
    private final Preconditions preconditions; // (C)
    private final long hugePageSize; // (C)
    private final LinuxBarrier barrier; // (C)
    private final boolean hasLock; // (C)
    private final LinuxResidency residency; // (C)

    LinuxVirtualMemory(LinuxAdvice advice) {
        this.advice = advice;
        this.preconditions = new Preconditions(LinuxCall.pageSize());
        this.hugePageSize = readNumber(HUGE_PAGE_SIZE, 0);
        this.barrier = LinuxBarrier.open();
        // An empty range locks nothing. The kernel returns EPERM if the limit is 0, or if a filter refuses the call.
        this.hasLock = LinuxCall.MLOCK.invoke(0, 0, 0) == 0 && LinuxCall.MUNLOCK.invoke(0, 0, 0) == 0;
        this.residency = LinuxResidency.open();
    }

    /// {@return the virtual memory of this process, with the capabilities of its kernel}
    static LinuxVirtualMemory open() {
        return new LinuxVirtualMemory(LinuxAdvice.open());
    }

    @Override
    public boolean can(Capability capability) {
        return switch (capability) {
            case BARRIER -> barrier.isOffered();
            case LOCK -> hasLock;
            case RESIDENCY -> residency.isOffered();
            default -> true;
        };
    }

    @Override
    public long pageSize() {
        return preconditions.pageSize();
    }

    @Override
    public long hugePageSize() {
        return hugePageSize;
    }

    @Override
    public long memoryLimit() {
        return MemoryLimit.ofSystem();
    }

    @Override
    public long mappingLimit() {
        return readNumber(MAX_MAP_COUNT, Long.MAX_VALUE);
    }

    @Override
    public long reserve(long byteSize, long byteAlignment) {
        preconditions.checkReservation(byteSize, byteAlignment);
        long spare = byteAlignment - pageSize();
        // A sum that overflows is replaced by the largest size, which the kernel refuses like any size near it.
        long total = byteSize > Long.MAX_VALUE - spare ? Long.MAX_VALUE & -pageSize() : byteSize + spare;
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        long start = LinuxCall.MMAP.invoke(0, total, PROT_NONE, flags, -1, 0);
        if (start < 0) {
            throw new SystemCallException(
                    "mmap", "byteSize=" + byteSize + ", byteAlignment=" + byteAlignment + ", NONE", (int) -start);
        }
        long address = (start + byteAlignment - 1) & -byteAlignment;
        long end = start + total;
        long kept = start;
        try {
            trim(start, address - start);
            kept = address;
            trim(address + byteSize, end - address - byteSize);
        } catch (RuntimeException | Error e) { // an error if the Java heap has no room for the exception of the call
            LinuxCall.MUNMAP.invoke(kept, end - kept, 0);
            throw e;
        }
        KernelHoldings.addRange(address, byteSize);
        return address;
    }

    @Override
    public void commit(long address, long byteSize) {
        protect(address, byteSize, Protection.READ_WRITE);
    }

    @Override
    public void decommit(Backing backing, long address, long byteSize) {
        preconditions.checkRange(address, byteSize);
        advice.decommit(backing, address, byteSize);
    }

    @Override
    public void decommit(Backing backing, long[] addresses, long[] byteSizes, int count) {
        preconditions.checkRanges(addresses, byteSizes, count);
        advice.decommit(backing, addresses, byteSizes, count);
    }

    @Override
    public void release(long address, long byteSize) {
        preconditions.checkRange(address, byteSize);
        require("munmap", address, byteSize, KernelHoldings.unmapRange(address, byteSize));
    }

    @Override
    public void protect(long address, long byteSize, Protection protection) {
        preconditions.checkRange(address, byteSize);
        long result = LinuxCall.MPROTECT.invoke(address, byteSize, number(protection));
        if (result < 0) {
            throw SystemCallException.ofRange("mprotect", address, byteSize, protection.name(), (int) -result);
        }
    }

    @Override
    public void advise(long address, long byteSize, Advice kind) {
        preconditions.checkRange(address, byteSize);
        advice.advise(address, byteSize, kind);
    }

    @Override
    public void lock(long address, long byteSize) {
        requireLock();
        preconditions.checkRange(address, byteSize);
        long result = LinuxCall.MLOCK.invoke(address, byteSize, 0);
        if (result < 0) {
            throw refusedLock(address, byteSize, (int) -result);
        }
    }

    @Override
    public void unlock(long address, long byteSize) {
        requireLock();
        preconditions.checkRange(address, byteSize);
        require("munlock", address, byteSize, LinuxCall.MUNLOCK.invoke(address, byteSize, 0));
    }

    @Override
    public int createMemory(String name, long byteSize) {
        preconditions.checkMemoryFile(name, byteSize);
        try (Arena arena = Arena.ofConfined()) {
            long descriptor = memoryFile(arena.allocateFrom(name).address());
            if (descriptor < 0) {
                throw refusedMemoryFile(name, (int) -descriptor);
            }
            boolean isSized = false;
            try {
                resize(descriptor, name, byteSize);
                isSized = true;
            } finally {
                if (!isSized) {
                    KernelHoldings.closeDescriptor(descriptor);
                }
            }
            return (int) descriptor;
        }
    }

    /// {@return an open and recorded descriptor of an empty memory file, or a negated error number}
    private static long memoryFile(long name) {
        long descriptor = LinuxCall.MEMFD_CREATE.invoke(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL, 0);
        if (descriptor == -Errno.EINVAL) {
            descriptor = LinuxCall.MEMFD_CREATE.invoke(name, MFD_CLOEXEC, 0);
        }
        return KernelHoldings.addDescriptor(descriptor);
    }

    private static void resize(long descriptor, String name, long byteSize) {
        long result;
        do {
            result = LinuxCall.FTRUNCATE.invoke(descriptor, byteSize, 0);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw new SystemCallException("ftruncate", "name=" + name + ", byteSize=" + byteSize, (int) -result);
        }
    }

    @Override
    public void closeMemory(int descriptor) {
        long result = KernelHoldings.closeDescriptor(descriptor);
        if (result < 0 && result != -Errno.EINTR) {
            throw new SystemCallException("close", "descriptor=" + descriptor, (int) -result);
        }
    }

    @Override
    public void map(long address, long byteSize, int descriptor, long byteOffset, Protection protection) {
        preconditions.checkRange(address, byteSize);
        preconditions.checkFileRange(byteOffset, byteSize);
        long result = LinuxCall.MMAP.invoke(
                address, byteSize, number(protection), MAP_SHARED | MAP_FIXED, descriptor, byteOffset);
        if (result < 0) {
            String file = "descriptor=" + descriptor + ", byteOffset=" + byteOffset;
            throw SystemCallException.ofRange("mmap", address, byteSize, file + ", " + protection, (int) -result);
        }
    }

    @Override
    public void unmap(long address, long byteSize) {
        preconditions.checkRange(address, byteSize);
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
        require("mmap", address, byteSize, LinuxCall.MMAP.invoke(address, byteSize, PROT_READ_WRITE, flags, -1, 0));
    }

    @Override
    public long remap(long address, long oldByteSize, long newByteSize) {
        preconditions.checkRange(address, oldByteSize);
        preconditions.checkRange(address, newByteSize);
        KernelHoldings.removeRange(address, oldByteSize);
        long result = LinuxCall.MREMAP.invoke(address, oldByteSize, newByteSize, MREMAP_MAYMOVE, 0, 0);
        if (result < 0) {
            KernelHoldings.recordAgain(address, oldByteSize);
            throw SystemCallException.ofRange(
                    "mremap", address, oldByteSize, "newByteSize=" + newByteSize, (int) -result);
        }
        KernelHoldings.recordAgain(result, newByteSize);
        return result;
    }

    @Override
    public long residentBytes(long address, long byteSize) {
        if (!residency.isOffered()) {
            throw Preconditions.missing(Capability.RESIDENCY);
        }
        preconditions.checkRange(address, byteSize);
        return residency.residentPages(address, byteSize / pageSize(), pageSize()) * pageSize();
    }

    @Override
    public void yieldProcessor() {
        LinuxCall.SCHED_YIELD.invoke(0, 0, 0); // never fails by its manual; harmless if a filter refuses it
    }

    @Override
    public void barrier() {
        if (!barrier.isOffered()) {
            throw Preconditions.missing(Capability.BARRIER);
        }
        barrier.pass();
    }

    @Override
    public void name(long address, long byteSize, String name) {
        preconditions.checkRange(address, byteSize);
        MappingName.set(address, byteSize, name);
    }

    @Override
    public String toString() {
        return "LinuxVirtualMemory(pageSize=" + pageSize() + ", hugePageSize=" + hugePageSize + ", barrier=" + barrier
                + ", hasLock=" + hasLock + ", advice=" + advice + ")";
    }

    private void requireLock() {
        if (!hasLock) {
            throw Preconditions.missing(Capability.LOCK);
        }
    }

    static SystemCallException refusedLock(long address, long byteSize, int errno) {
        return new SystemCallException("mlock", SystemCallException.range(address, byteSize), errno, LOCK_REMEDY);
    }

    static SystemCallException refusedMemoryFile(String name, int errno) {
        return Errno.refusesCall(errno)
                ? new SystemCallException("memfd_create", "name=" + name, errno, MEMORY_FILE_REMEDY)
                : new SystemCallException("memfd_create", "name=" + name, errno);
    }

    private static void trim(long address, long byteSize) {
        if (byteSize > 0) {
            require("munmap", address, byteSize, LinuxCall.MUNMAP.invoke(address, byteSize, 0));
        }
    }

    private static int number(Protection protection) {
        return switch (protection) {
            case NONE -> PROT_NONE;
            case READ -> PROT_READ;
            case READ_WRITE -> PROT_READ_WRITE;
        };
    }

    /// {@return the positive number in a file, or `otherwise` if there is none}
    ///
    /// A container hides a file by an empty one.
    static long readNumber(Path file, long otherwise) {
        // A sysctl file returns its number to the first read only, and Files.readString starts with a read of one byte.
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            String line = reader.readLine();
            long number = line == null ? otherwise : Long.parseLong(line.strip());
            return number > 0 ? number : otherwise;
        } catch (IOException | NumberFormatException e) {
            return otherwise;
        }
    }

    private static void require(String call, long address, long byteSize, long result) {
        if (result < 0) {
            throw SystemCallException.ofRange(call, address, byteSize, "", (int) -result);
        }
    }
}
