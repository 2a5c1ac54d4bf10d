package io.leasehold.memory;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Backing;
import java.util.Objects;

/// A reserved, aligned range of addresses with one owner.
///
/// ```text
///   address                              +committedByteSize            +byteSize
///   |  readable and writable, or given back |  reserved, not touchable     |
/// ```
///
/// **Ownership.** Whoever reserved it closes it, once. Closing gives the memory back and parks the address space,
/// so a stale reader sees zeroes.
///
/// **Threads.** [#commit] and [#close] belong to the owner; [#decommit] may run beside other decommits of disjoint
/// ranges.
///
/// **Invariants.** I1: the committed part is a prefix and only grows until the region is closed.
public final class Region implements AutoCloseable {

    /// What space without an owner is called.
    private static final String PARKED = "parked";

    private final Reservations reservations; // (C)
    private final String name; // (C)
    private final Reservations.Extent extent; // (C)
    private final long byteSize; // (C)
    private long committedByteSize; // (O)
    private Backing backing = Backing.ANONYMOUS; // (O)
    private long touchableByteSize; // (O) this owner could have written to the bytes before it
    private boolean closed; // (O)

    Region(Reservations reservations, String name, Reservations.Extent extent, long byteSize) {
        this.reservations = reservations;
        this.name = name;
        this.extent = extent;
        this.byteSize = byteSize;
        this.committedByteSize = Math.min(extent.committedByteSize(), byteSize);
        nameExtent(name);
    }

    /// The whole extent has one name, since a part with another name would be one mapping more.
    private void nameExtent(String newName) {
        memory().name(extent.address(), extent.byteSize(), newName);
    }

    /// Makes the first `newByteSize` bytes readable and writable; what was never written reads as zero.
    ///
    /// @param newByteSize a multiple of the OS page; less than is committed already changes nothing
    /// @throws IndexOutOfBoundsException if it is more than [#byteSize()]
    /// @throws SystemCallException if the kernel refuses; nothing is changed then
    public void commit(long newByteSize) {
        checkOpen();
        if (newByteSize > byteSize) {
            throw new IndexOutOfBoundsException(
                    "commit is past the region: region=" + name + ", wanted=" + newByteSize + ", bound=" + byteSize);
        }
        touchableByteSize = Math.max(touchableByteSize, newByteSize);
        if (newByteSize > committedByteSize) {
            memory().commit(address() + committedByteSize, newByteSize - committedByteSize);
            committedByteSize = newByteSize;
        }
    }

    /// Puts a memory file under the whole region, shared, so that its pages can be mapped elsewhere too.
    ///
    /// @param descriptor a file of at least [#byteSize()] bytes; the caller keeps it
    /// @throws SystemCallException if the kernel refuses; nothing is changed then
    public void mapMemoryFile(int descriptor) {
        checkOpen();
        memory().map(address(), byteSize, descriptor, 0, VirtualMemory.Protection.READ_WRITE);
        backing = Backing.MEMORY_FILE;
        touchableByteSize = byteSize;
        committedByteSize = byteSize;
    }

    /// Puts a part of a memory file over a committed part of the region, shared, in one call; what was there is
    /// replaced atomically.
    ///
    /// @param byteOffset place in the region, a multiple of the OS page
    /// @param partByteSize how much to map, a multiple of the OS page
    /// @param descriptor the file; the caller keeps it
    /// @param fileOffset place in the file, a multiple of the OS page
    /// @throws IndexOutOfBoundsException if the part is not committed
    /// @throws SystemCallException if the kernel refuses; the part reads as zero then, or if that was refused too
    ///     (suppressed) may not be touched
    public void mapMemoryFile(long byteOffset, long partByteSize, int descriptor, long fileOffset) {
        mapFile(byteOffset, partByteSize, descriptor, fileOffset, VirtualMemory.Protection.READ_WRITE);
    }

    /// Puts a part of any file over a committed part of the region, shared, in one call; what was there is replaced
    /// atomically.
    ///
    /// @param byteOffset place in the region, a multiple of the OS page
    /// @param partByteSize how much to map, a multiple of the OS page; what lies past the end of the file may be
    ///     mapped, and raises [InternalError] when it is touched
    /// @param descriptor the file; the caller keeps it
    /// @param fileOffset place in the file, a multiple of the OS page
    /// @param protection what the part may be used for; a store where it says READ ends the process
    /// @throws IndexOutOfBoundsException if the part is not committed
    /// @throws SystemCallException if the kernel refuses; the part reads as zero then, or if that was refused too
    ///     (suppressed) may not be touched
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
            // a refused mmap(2) may have unmapped what was there, and a touch of a hole would end the process
            try {
                memory().unmap(part, partByteSize);
            } catch (SystemCallException hole) {
                e.addSuppressed(hole);
            }
            throw e;
        }
    }

    /// Gives the memory of `count` committed ranges back; they read as zero afterwards and stay usable.
    ///
    /// @param addresses where the ranges begin, multiples of the OS page
    /// @param byteSizes how long they are in bytes, multiples of the OS page
    /// @param count how many ranges of the arrays to take
    /// @throws SystemCallException if the kernel refuses; each range then kept its content or reads as zero
    public void decommit(long[] addresses, long[] byteSizes, int count) {
        checkOpen();
        memory().decommit(backing, addresses, byteSizes, count);
    }

    /// Tells the kernel how the whole region will be used.
    ///
    /// @param advice what the kernel should know
    public void advise(VirtualMemory.Advice advice) {
        checkOpen();
        memory().advise(address(), byteSize, advice);
    }

    /// Gives the memory back and parks the address space. Closing twice has no effect.
    ///
    /// @throws SystemCallException if the kernel refuses to take the memory; the region stays open then and can be
    ///     closed again
    @Override
    public void close() {
        if (closed) {
            return;
        }
        surrender();
        nameExtent(PARKED);
        reservations.park(extent());
        closed = true;
    }

    /// Gives the memory back, but neither parks nor unmaps the address space, because pointers into it may be left:
    /// they read zero, and no later owner is disturbed by what they write. Abandoning twice has no effect.
    ///
    /// @throws SystemCallException if the kernel refuses to take the memory; the region stays open then
    public void abandon() {
        if (!closed) {
            surrender();
            nameExtent(name + " abandoned");
            if (!memory().can(VirtualMemory.Capability.DECOMMIT)) {
                OffHeap.fill(address(), Math.min(touchableByteSize, committedByteSize), (byte) 0);
            }
            closed = true;
        }
    }

    /// {@return a region over the address space of this one, for an owner that knows where pointers may be left}
    ///
    /// @param newName what the new region is called in messages
    /// @throws SystemCallException if the kernel refuses to take memory that it refused to take before
    Region succeeded(String newName) {
        abandon();
        return new Region(reservations, newName, extent(), byteSize);
    }

    /// {@return where the region begins, a multiple of the alignment asked for}
    public long address() {
        return extent.address();
    }

    /// {@return the size in bytes that was asked for}
    public long byteSize() {
        return byteSize;
    }

    /// {@return how many bytes from the start may be touched}
    public long committedByteSize() {
        return committedByteSize;
    }

    /// {@return the kernel seam that the region is made of}
    public VirtualMemory memory() {
        return reservations.memory();
    }

    @Override
    public String toString() {
        return "Region(%s, address=0x%x, byteSize=%d, committed=%d%s)"
                .formatted(name, address(), byteSize, committedByteSize, closed ? ", closed" : "");
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

    /// Gives the memory back also where a filter refuses madvise(2). New zeroes over all that is committed are one
    /// mapping; over scattered ranges they would be a mapping each, so [#decommit] has no such fallback.
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

    /// {@return the address space, and how much of it was committed by now}
    Reservations.Extent extent() {
        return new Reservations.Extent(
                extent.address(),
                extent.byteSize(),
                extent.byteAlignment(),
                Math.max(committedByteSize, extent.committedByteSize()));
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("region is closed: " + this);
        }
    }
}
