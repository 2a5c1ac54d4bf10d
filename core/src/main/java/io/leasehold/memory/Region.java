package io.leasehold.memory;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Backing;
import java.util.Objects;

/// A reserved, aligned range of addresses with one owner.
///
/// ```text
///   address                              +committedByteSize            +byteSize
///   |  readable and writable, or decommitted|  reserved, not accessible    |
/// ```
///
/// **Ownership.** The caller that reserves the region closes it once. Closing releases the memory and retains the
/// address space, so a stale pointer reads zero.
///
/// **Threads.** Only the owner calls [#commit] and [#close]. Several threads may call [#decommit] concurrently, for
/// disjoint ranges.
///
/// **Invariants.** I1: the committed part is a prefix, and only grows until the region is closed.
///
/// **Errors.** After the close, [#commit], [#decommit], [#advise] and the methods that map a file throw an
/// [IllegalStateException].
public final class Region implements AutoCloseable {

    /// Name of address space without an owner.
    private static final String RETAINED = "retained";

    private final Reservations reservations; // (C)
    private final String name; // (C)
    private Reservations.Range range; // (O) with the size of its committed part, so that closing needs no Java heap
    private final long byteSize; // (C)
    private long committedByteSize; // (O)
    private Backing backing = Backing.ANONYMOUS; // (O)
    private long touchableByteSize; // (O) length of the prefix that this owner may have written
    private boolean closed; // (O)

    Region(Reservations reservations, String name, Reservations.Range range, long byteSize) {
        this.reservations = reservations;
        this.name = name;
        this.range = range;
        this.byteSize = byteSize;
        this.committedByteSize = Math.min(range.committedByteSize(), byteSize);
        nameRange(name, "");
    }

    /// Names the whole range. Naming only a part would add a mapping.
    private void nameRange(String newName, String state) {
        try {
            memory().name(range.address(), range.byteSize(), newName + state);
        } catch (OutOfMemoryError e) {
            // the Java heap is full; a name only helps a reader
        }
    }

    /// Makes the first `newByteSize` bytes readable and writable. Bytes that were never written read as zero.
    ///
    /// @param newByteSize a multiple of the OS page; has no effect if as many bytes are committed already
    /// @throws IndexOutOfBoundsException if `newByteSize` is more than [#byteSize()]
    /// @throws SystemCallException if the kernel refuses; nothing is changed then
    public void commit(long newByteSize) {
        checkOpen();
        if (newByteSize > byteSize) {
            throw new IndexOutOfBoundsException(
                    "commit is past the end: region=" + name + ", wanted=" + newByteSize + ", max=" + byteSize);
        }
        touchableByteSize = Math.max(touchableByteSize, newByteSize);
        if (newByteSize > committedByteSize) {
            Reservations.Range grown = range.committed(newByteSize);
            memory().commit(address() + committedByteSize, newByteSize - committedByteSize);
            committedByteSize = newByteSize;
            range = grown;
        }
    }

    /// Maps a memory file over the whole region, shared, so that its pages can be mapped elsewhere too.
    ///
    /// @param descriptor descriptor of a file of at least [#byteSize()] bytes, which the caller owns
    /// @throws SystemCallException if the kernel refuses; nothing is changed then
    public void mapMemoryFile(int descriptor) {
        checkOpen();
        Reservations.Range grown = range.committed(byteSize);
        memory().map(address(), byteSize, descriptor, 0, VirtualMemory.Protection.READ_WRITE);
        backing = Backing.MEMORY_FILE;
        touchableByteSize = byteSize;
        committedByteSize = byteSize;
        range = grown;
    }

    /// Maps a part of a memory file over a committed part of the region, shared. One system call replaces the previous
    /// mapping atomically.
    ///
    /// @param byteOffset offset in the region, a multiple of the OS page
    /// @param partByteSize number of bytes to map, a multiple of the OS page
    /// @param descriptor descriptor of the file, which the caller owns
    /// @param fileOffset offset in the file, a multiple of the OS page
    /// @throws IndexOutOfBoundsException if the part is not committed
    /// @throws SystemCallException if the kernel refuses; the part reads as zero then, or must not be accessed if a
    ///     second call failed too (suppressed)
    public void mapMemoryFile(long byteOffset, long partByteSize, int descriptor, long fileOffset) {
        mapFile(byteOffset, partByteSize, descriptor, fileOffset, VirtualMemory.Protection.READ_WRITE);
    }

    /// Maps a part of any file over a committed part of the region, shared. One system call replaces the previous
    /// mapping atomically.
    ///
    /// @param byteOffset offset in the region, a multiple of the OS page
    /// @param partByteSize number of bytes to map, a multiple of the OS page; bytes past the end of the file may be
    ///     mapped, and throw [InternalError] on access
    /// @param descriptor descriptor of the file, which the caller owns
    /// @param fileOffset offset in the file, a multiple of the OS page
    /// @param protection allowed access; a store to a part with READ ends the process
    /// @throws IndexOutOfBoundsException if the part is not committed
    /// @throws SystemCallException if the kernel refuses; the part reads as zero then, or must not be accessed if a
    ///     second call failed too (suppressed)
    public void mapFile(
            long byteOffset, long partByteSize, int descriptor, long fileOffset, VirtualMemory.Protection protection) {
        checkOpen();
        Objects.checkFromIndexSize(byteOffset, partByteSize, committedByteSize);
        backing = Backing.MEMORY_FILE;
        touchableByteSize = Math.max(touchableByteSize, byteOffset + partByteSize);
        long part = address() + byteOffset;
        try {
            memory().map(part, partByteSize, descriptor, fileOffset, protection);
        } catch (SystemCallException e) {
            // a failed mmap(2) may have unmapped the previous mapping, and an access to a hole would end the process
            try {
                memory().unmap(part, partByteSize);
            } catch (SystemCallException hole) {
                e.addSuppressed(hole);
            }
            throw e;
        }
    }

    /// Decommits `count` ranges. Afterwards they read as zero and stay usable.
    ///
    /// @param addresses addresses of the ranges, multiples of the OS page
    /// @param byteSizes sizes of the ranges in bytes, multiples of the OS page
    /// @param count number of ranges
    /// @throws SystemCallException if the kernel refuses; each range then keeps its content or reads as zero
    public void decommit(long[] addresses, long[] byteSizes, int count) {
        checkOpen();
        memory().decommit(backing, addresses, byteSizes, count);
    }

    /// Advises the kernel how the whole region will be used.
    ///
    /// @param advice expected use
    public void advise(VirtualMemory.Advice advice) {
        checkOpen();
        memory().advise(address(), byteSize, advice);
    }

    /// Releases the memory and retains the address space ([Reservations]). Closing twice has no effect.
    ///
    /// @throws SystemCallException if the kernel fails to release the memory; the region stays open and can be closed
    ///     again
    @Override
    public void close() {
        if (closed) {
            return;
        }
        surrender();
        nameRange(RETAINED, "");
        reservations.retain(range);
        closed = true;
    }

    /// Releases the memory, but neither retains nor unmaps the address space, because pointers into it may be left.
    /// Such pointers read zero, and their stores do not disturb a later owner. Abandoning twice has no effect.
    ///
    /// @throws SystemCallException if the kernel fails to release the memory; the region stays open then
    public void abandon() {
        if (!closed) {
            surrender();
            nameRange(name, " abandoned");
            if (!memory().can(VirtualMemory.Capability.DECOMMIT)) {
                OffHeap.fill(address(), Math.min(touchableByteSize, committedByteSize), (byte) 0);
            }
            closed = true;
        }
    }

    /// {@return a new region over the address space of this one}
    ///
    /// For an owner that knows into which pages pointers may be left. Abandons this region first.
    ///
    /// @param newName name of the new region in messages
    /// @throws SystemCallException if the kernel fails again to release the memory
    Region succeeded(String newName) {
        abandon();
        return new Region(reservations, newName, range, byteSize);
    }

    /// {@return the address of the first byte, a multiple of the requested alignment}
    public long address() {
        return range.address();
    }

    /// {@return the requested size in bytes}
    public long byteSize() {
        return byteSize;
    }

    /// {@return the number of committed bytes, from the first byte on}
    public long committedByteSize() {
        return committedByteSize;
    }

    /// {@return the seam for system calls that the region uses}
    public VirtualMemory memory() {
        return reservations.memory();
    }

    @Override
    public String toString() {
        return format(
                "Region(%s, address=0x%x, byteSize=%d, committed=%d%s)",
                name, address(), byteSize, committedByteSize, closed ? ", closed" : "");
    }

    private void surrender() {
        long touched = Math.min(touchableByteSize, committedByteSize);
        if (touched == 0) {
            return;
        }
        if (backing == Backing.MEMORY_FILE) {
            memory().unmap(address(), touched);
            backing = Backing.ANONYMOUS;
        } else if (memory().can(VirtualMemory.Capability.DECOMMIT)) {
            decommitOrReplace(touched);
        }
    }

    /// Releases the memory, even if a system call filter (seccomp) refuses madvise(2). The fallback maps new zero pages
    /// over the whole committed part, which is one mapping. For scattered ranges it would be one mapping each, so
    /// [#decommit] has no such fallback.
    private void decommitOrReplace(long touched) {
        try {
            memory().decommit(backing, address(), touched);
        } catch (SystemCallException e) {
            if (!Errno.refusesCall(e.errno())) {
                throw e;
            }
            memory().unmap(address(), committedByteSize);
        }
    }

    /// {@return the address space, with the size of its committed part}
    Reservations.Range range() {
        return range;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("region is closed: " + this);
        }
    }
}
