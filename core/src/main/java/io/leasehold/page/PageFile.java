package io.leasehold.page;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.Region;
import io.leasehold.memory.Reservations;

/// The memory file under an arena, through which its pages are seen at further addresses.
///
/// ```text
///   arena     | page 0 | page 1 | page 2 | ...
///   file      0        1        2              one for all mappings: a store at either address is seen at the other
///   region    ... | page 1 | ...
/// ```
///
/// **Ownership.** The arena's. A mapping keeps the file's memory beyond the end of the arena, so whoever mapped pages
/// closes the region first.
///
/// **Threads.** Thread-safe for disjoint parts of regions.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/memfd_create.2.html">memfd_create(2)</a>
public final class PageFile {

    private final Reservations reservations; // (C)
    private final int descriptor; // (C)
    private final long address; // (C) of page 0 in the arena

    PageFile(Reservations reservations, int descriptor, long address) {
        this.reservations = reservations;
        this.descriptor = descriptor;
        this.address = address;
    }

    /// {@return where regions to map pages into come from}
    public Reservations reservations() {
        return reservations;
    }

    /// Maps pages over a part of a region; what was there is replaced atomically.
    ///
    /// @param region where to, committed
    /// @param byteOffset place in the region, a multiple of the OS page
    /// @param byteSize how much to map, a multiple of the OS page; what lies past the end of the arena cannot be
    ///     touched
    /// @param pageAddress the address of the first page in the arena
    /// @throws SystemCallException if the kernel refuses; see [Region#mapMemoryFile(long, long, int, long)]
    public void map(Region region, long byteOffset, long byteSize, long pageAddress) {
        region.mapMemoryFile(byteOffset, byteSize, descriptor, pageAddress - address);
    }
}
