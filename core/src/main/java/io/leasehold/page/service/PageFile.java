package io.leasehold.page.service;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.Region;
import io.leasehold.memory.Reservations;

/// The memory file that backs the pages of an arena. Pages can be mapped at further addresses through it.
///
/// ```text
///   arena     | page 0 | page 1 | page 2 | ...
///   file      0        1        2              a store through one mapping is visible in all
///   region    ... | page 1 | ...
/// ```
///
/// **Ownership.** The arena owns the file. A mapping keeps the memory of the file beyond the close of the arena, so the
/// caller that mapped pages closes its region first.
///
/// **Threads.** Thread-safe for disjoint parts of regions.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/memfd_create.2.html">memfd_create(2)</a>
public final class PageFile {

    private final Reservations reservations; // (C)
    private final int descriptor; // (C)
    private final long address; // (C) of page 0 in the arena

    /// Creates the description of a memory file that exists. Called by the arena.
    ///
    /// @param reservations address space for further mappings
    /// @param descriptor descriptor of the file
    /// @param address address of page 0 in the arena
    public PageFile(Reservations reservations, int descriptor, long address) {
        this.reservations = reservations;
        this.descriptor = descriptor;
        this.address = address;
    }

    /// {@return the reservations from which regions for such mappings are taken}
    public Reservations reservations() {
        return reservations;
    }

    /// Maps pages over a part of a region. The previous mapping is replaced atomically.
    ///
    /// @param region the region to map into, committed
    /// @param byteOffset offset in the region in bytes, a multiple of the OS page size
    /// @param byteSize number of bytes to map, a multiple of the OS page size. Bytes beyond the end of the arena must
    ///     not be accessed
    /// @param pageAddress the address of the first page in the arena
    /// @throws SystemCallException if the kernel call fails; see [Region#mapMemoryFile(long, long, int, long)]
    public void map(Region region, long byteOffset, long byteSize, long pageAddress) {
        region.mapMemoryFile(byteOffset, byteSize, descriptor, pageAddress - address);
    }
}
