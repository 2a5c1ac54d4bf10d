package io.leasehold.memory;

import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The address space that this process has reserved: hands out regions and keeps the closed ones for the next owner.
///
/// ```text
///            reserve                      close
///   kernel ----------> Region (one owner) -------> parked, reads zero ---+
///                         ^                                              |
///                         +------------- next reserve that fits ---------+
/// ```
///
/// Parked space is never unmapped where the system can take its memory back, so a stale pointer into it reads zero
/// instead of ending the process.
///
/// **Threads.** Thread-safe; calls are rare and serialised.
public final class Reservations {

    /// A region is one mapping where it is committed and another where it is not.
    static final int MAPPINGS_PER_REGION = 2;

    private static final Reservations SYSTEM = new Reservations(VirtualMemory.system(), MappingBudget.system());

    private final VirtualMemory memory; // (C)
    private final MappingBudget mappings; // (C)
    private final List<Extent> parked = new ArrayList<>(); // (L) this

    /// Reserved space and how much of it, from its start, was ever committed.
    record Extent(long address, long byteSize, long byteAlignment, long committedByteSize) {}

    /// Makes reservations over another kernel seam, for tests; everything else shares [#system()].
    ///
    /// @param memory what the regions are made of
    /// @param mappings what the regions are charged to
    public Reservations(VirtualMemory memory, MappingBudget mappings) {
        this.memory = memory;
        this.mappings = mappings;
    }

    /// {@return the reservations of this process}
    public static Reservations system() {
        return SYSTEM;
    }

    /// {@return the kernel seam that the regions are made of}
    public VirtualMemory memory() {
        return memory;
    }

    /// {@return the account that the regions are charged to}
    public MappingBudget mappings() {
        return mappings;
    }

    /// Reserves address space that costs no memory; nothing of it may be touched before [Region#commit].
    ///
    /// @param byteSize a multiple of the OS page
    /// @param byteAlignment a power of two of at least the OS page
    /// @param name what the region is called in messages
    /// @return a region owned by the caller
    /// @throws IllegalArgumentException if size or alignment are not as said
    /// @throws IllegalStateException if the mapping account is used up
    /// @throws OsException if the kernel refuses the address space
    public synchronized Region reserve(String name, long byteSize, long byteAlignment) {
        Alignment.check("byteAlignment", byteAlignment);
        if (byteAlignment < memory.pageSize()) {
            throw new IllegalArgumentException("byteAlignment is less than the OS page: region=" + name
                    + ", byteAlignment=" + byteAlignment + ", page=" + memory.pageSize());
        }
        if (byteSize <= 0 || !Alignment.isAligned(byteSize, memory.pageSize())) {
            throw new IllegalArgumentException("byteSize is not a positive multiple of the OS page: region=" + name
                    + ", byteSize=" + byteSize + ", page=" + memory.pageSize());
        }
        Extent fit = parked.stream()
                .filter(extent -> extent.byteSize >= byteSize && extent.byteAlignment >= byteAlignment)
                .min(Comparator.comparingLong(Extent::byteSize))
                .orElse(null);
        if (fit != null) {
            parked.remove(fit);
            return new Region(this, name, fit, byteSize);
        }
        mappings.charge(name, MAPPINGS_PER_REGION);
        try {
            long address = memory.reserve(byteSize, byteAlignment);
            return new Region(this, name, new Extent(address, byteSize, byteAlignment, 0), byteSize);
        } catch (OsException | IllegalArgumentException e) {
            mappings.credit(MAPPINGS_PER_REGION);
            throw e;
        }
    }

    /// Takes a clean extent back: its memory is gone and it reads as zero.
    synchronized void park(Extent extent) {
        if (memory.can(VirtualMemory.Capability.DECOMMIT)) {
            parked.add(extent);
        } else {
            // where nothing is ever unmapped, releasing is as safe as parking, and zeroes the space for its next owner
            release(extent);
        }
    }

    /// Unmaps everything parked. Only for a caller who knows that no pointer into it is left, such as a test.
    ///
    /// @throws OsException if the kernel refuses; what it did not take stays parked
    public synchronized void releaseParked() {
        while (!parked.isEmpty()) {
            release(parked.getLast());
            parked.removeLast();
        }
    }

    /// {@return how many closed regions wait for an owner}
    public synchronized int parkedCount() {
        return parked.size();
    }

    private void release(Extent extent) {
        memory.release(extent.address, extent.byteSize);
        mappings.credit(MAPPINGS_PER_REGION);
    }
}
