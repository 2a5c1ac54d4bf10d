package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;

/// Virtual memory without native calls, allocated from one bounded segment. It is used on systems whose system calls
/// are not known to this library, and in a JVM that refuses native access.
///
/// It can reserve, commit and release, and has no capabilities. Touched memory stays with the process until it ends;
/// only later reservations use it again.
///
/// **Ownership.** The segment is never freed.
///
/// **Threads.** Thread-safe. Guarded by `lock`, which is not held while memory is cleared.
///
/// **Invariants.** I1: a free range reads as zero. I2: a committed page is not free.
final class PortableVirtualMemory implements VirtualMemory {

    /// The smallest page size in use. Nothing here calls the kernel, so its page size does not matter.
    static final long PAGE_SIZE = 4096;

    /// The maximum number of pages that a [BitSet] can count: 8 TiB.
    private static final long MAX_BYTES = Integer.MAX_VALUE * PAGE_SIZE;

    /// If no mapping of at least this size is possible, this size is allocated instead, which touches the memory.
    private static final long SMALLEST_MAPPING = 64L << 20;

    private static final MemorySegment ZEROES = MemorySegment.ofArray(new byte[(int) PAGE_SIZE]);

    private final MemorySegment segment; // (C)
    private final long start; // (C) first page of the segment
    private final long end; // (C) end of its last page
    private final Preconditions preconditions = new Preconditions(PAGE_SIZE); // (C)
    private final Object lock = new Object(); // (C)
    private final FreeRanges free; // (L)
    private final BitSet committed = new BitSet(); // (L) pages, counted from start

    /// Creates virtual memory over the whole pages of a segment of zeroes.
    ///
    /// @throws IllegalArgumentException if the segment has no whole page
    PortableVirtualMemory(MemorySegment segment) {
        this.segment = segment;
        this.start = (segment.address() + PAGE_SIZE - 1) & -PAGE_SIZE;
        this.end = Math.min((segment.address() + segment.byteSize()) & -PAGE_SIZE, start + MAX_BYTES);
        if (start >= end) {
            throw new IllegalArgumentException("segment holds no whole page: byteSize=" + segment.byteSize());
        }
        this.free = new FreeRanges(start, end - start);
    }

    /// {@return virtual memory over a new segment, which uses no memory until it is touched}
    ///
    /// @param byteSize requested size in bytes. If the system refuses the size, it is halved until it is accepted, and
    ///     the last error is logged
    static PortableVirtualMemory open(long byteSize) {
        long size = byteSize;
        Exception refusal = null;
        MemorySegment segment = null;
        while (segment == null) {
            try {
                long wanted = size;
                segment = Uninterrupted.run(() -> mapSparse(wanted));
            } catch (IOException | UnsupportedOperationException e) {
                refusal = e;
                if (size <= SMALLEST_MAPPING) {
                    segment = Arena.ofAuto().allocate(size, PAGE_SIZE);
                } else {
                    size = Math.max(size / 2, SMALLEST_MAPPING);
                }
            }
        }
        if (segment.byteSize() < byteSize) {
            System.getLogger("io.leasehold")
                    .log(
                            System.Logger.Level.WARNING,
                            "portable memory is smaller than requested: byteSize=" + segment.byteSize() + ", requested="
                                    + byteSize + ", refusal=" + refusal);
        }
        return new PortableVirtualMemory(segment);
    }

    /// {@return the segment that contains all reservations}
    MemorySegment segment() {
        return segment;
    }

    @Override
    public boolean can(Capability capability) {
        return false;
    }

    @Override
    public long pageSize() {
        return PAGE_SIZE;
    }

    @Override
    public long hugePageSize() {
        return 0;
    }

    @Override
    public long memoryLimit() {
        return MemoryLimit.ofSystem();
    }

    @Override
    public long mappingLimit() {
        return Long.MAX_VALUE;
    }

    @Override
    public long reserve(long byteSize, long byteAlignment) {
        preconditions.checkReservation(byteSize, byteAlignment);
        synchronized (lock) {
            long address = free.take(byteSize, byteAlignment);
            if (address == FreeRanges.NONE) {
                throw new SystemCallException(
                        "reserve",
                        "byteSize=" + byteSize + ", byteAlignment=" + byteAlignment + ", bytesLeft=" + free.bytes()
                                + ", segmentBytes=" + (end - start),
                        Errno.ENOMEM);
            }
            return address;
        }
    }

    @Override
    public void commit(long address, long byteSize) {
        preconditions.checkRange(address, byteSize);
        synchronized (lock) {
            requireReserved("commit", address, byteSize);
            committed.set(page(address), page(address + byteSize));
        }
    }

    @Override
    public void decommit(Backing backing, long address, long byteSize) {
        throw Preconditions.missing(Capability.DECOMMIT);
    }

    @Override
    public void decommit(Backing backing, long[] addresses, long[] byteSizes, int count) {
        throw Preconditions.missing(Capability.DECOMMIT);
    }

    /// Clears the committed pages of the range, without touching the other pages.
    @Override
    public void release(long address, long byteSize) {
        preconditions.checkRange(address, byteSize);
        synchronized (lock) {
            requireReserved("release", address, byteSize);
        }
        int last = page(address + byteSize);
        int next = page(address);
        while (next < last) {
            int runStart;
            int runEnd;
            synchronized (lock) {
                runStart = committed.nextSetBit(next);
                if (runStart < 0 || runStart >= last) {
                    break;
                }
                runEnd = Math.min(committed.nextClearBit(runStart), last);
            }
            clear(runStart, runEnd);
            next = runEnd;
        }
        synchronized (lock) {
            requireReserved("release", address, byteSize);
            free.give(address, byteSize);
            committed.clear(page(address), last); // last: a release that failed is repeated, and clears the pages again
        }
    }

    @Override
    public void protect(long address, long byteSize, Protection protection) {
        throw Preconditions.missing(Capability.PROTECT);
    }

    @Override
    public void advise(long address, long byteSize, Advice advice) {
        preconditions.checkRange(address, byteSize);
    }

    @Override
    public void lock(long address, long byteSize) {
        throw Preconditions.missing(Capability.LOCK);
    }

    @Override
    public void unlock(long address, long byteSize) {
        throw Preconditions.missing(Capability.LOCK);
    }

    @Override
    public int createMemory(String name, long byteSize) {
        throw Preconditions.missing(Capability.MAP);
    }

    @Override
    public void closeMemory(int descriptor) {
        throw Preconditions.missing(Capability.MAP);
    }

    @Override
    public void map(long address, long byteSize, int descriptor, long byteOffset, Protection protection) {
        throw Preconditions.missing(Capability.MAP);
    }

    @Override
    public void unmap(long address, long byteSize) {
        throw Preconditions.missing(Capability.MAP);
    }

    @Override
    public long remap(long address, long oldByteSize, long newByteSize) {
        throw Preconditions.missing(Capability.REMAP);
    }

    @Override
    public long residentBytes(long address, long byteSize) {
        throw Preconditions.missing(Capability.RESIDENCY);
    }

    @Override
    public void barrier() {
        throw Preconditions.missing(Capability.BARRIER);
    }

    /// Has no effect: the kernel names anonymous memory only, and this memory is part of a file.
    @Override
    public void name(long address, long byteSize, String name) {
        preconditions.checkRange(address, byteSize);
    }

    @Override
    public String toString() {
        synchronized (lock) {
            return "PortableVirtualMemory(segmentBytes=" + (end - start) + ", bytesLeft=" + free.bytes() + ")";
        }
    }

    void checkInvariants() {
        synchronized (lock) {
            free.checkInvariants();
            for (int page = committed.nextSetBit(0); page >= 0; page = committed.nextSetBit(page + 1)) {
                if (free.overlaps(start + page * PAGE_SIZE, PAGE_SIZE)) {
                    throw new AssertionError("I2: page=" + page);
                }
            }
        }
    }

    /// Rejects a range that is not reserved, like the kernel, with the error number of mprotect(2).
    private void requireReserved(String call, long address, long byteSize) {
        if (address < start || address + byteSize > end || free.overlaps(address, byteSize)) {
            throw SystemCallException.ofRange(call, address, byteSize, "not reserved", Errno.ENOMEM);
        }
    }

    private int page(long address) {
        return (int) ((address - start) / PAGE_SIZE);
    }

    /// Clears pages without an allocation, unlike [MemorySegment#asSlice].
    private void clear(int first, int last) {
        long offset = start - segment.address() + first * PAGE_SIZE;
        for (int page = first; page < last; page++) {
            MemorySegment.copy(ZEROES, 0, segment, offset, PAGE_SIZE);
            offset += PAGE_SIZE;
        }
    }

    /// Maps a sparse file that has no name any more when this method returns.
    ///
    /// The mapping is private, so that its pages are never written to a disk. On tmpfs the mapping is shared instead,
    /// because a private one would hold each page twice.
    private static MemorySegment mapSparse(long byteSize) throws IOException {
        Path directory = Files.createTempDirectory("leasehold");
        try (FileChannel channel = FileChannel.open(
                directory.resolve("memory"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE,
                StandardOpenOption.DELETE_ON_CLOSE)) {
            FileStore store = Files.getFileStore(directory);
            if (store.type().equals("tmpfs")) {
                long size = sizeOnTmpfs(byteSize, store.getUsableSpace());
                return channel.map(MapMode.READ_WRITE, 0, size, Arena.ofAuto());
            }
            return channel.map(MapMode.PRIVATE, 0, byteSize, Arena.ofAuto());
        } finally {
            // If the system keeps the file, and so its directory, while it is mapped, this has no effect.
            directory.toFile().delete();
        }
    }

    /// {@return the size in bytes of a mapping on tmpfs} It is no larger than the free space, because a touch beyond
    /// that would fault.
    ///
    /// @throws IOException if there is less space than the smallest mapping needs
    static long sizeOnTmpfs(long wanted, long free) throws IOException {
        long least = Math.min(wanted, SMALLEST_MAPPING);
        if (free < least) {
            throw new IOException("too little space on tmpfs: free=" + free + ", min=" + least);
        }
        return Math.min(wanted, free);
    }
}
