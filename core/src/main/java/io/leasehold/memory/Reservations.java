package io.leasehold.memory;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The address space that this process has reserved: hands out regions and keeps the closed ones for the next owner.
///
/// ```text
///            reserve                      close
///   kernel ----------> Region (one owner) -------> parked, reads zero ---+
///                         ^                                              |
///                         +------------- next reserve that fits ---------+
/// ```
///
/// Where the system can take memory back, parked space stays mapped, so a stale pointer into it reads zero instead of
/// ending the process. But a process that once had very many owners gets its addresses back: of more than [#MAX_PARKED]
/// parked extents the oldest is unmapped. Space into which pointers are known to be left is kept as a [Remnant].
///
/// **Spread.** An owner whose limit counts memory asks for several times as many addresses
/// ([#addressByteSize]), so that a long run is found although short ones lie in the middle. Addresses cost no memory,
/// but they can be scarce: all owners together get [#MAX_SPREAD_BYTES] beyond their limits, and where the system
/// refuses twice what an owner asks for, it is left to others.
///
/// **Threads.** Thread-safe; calls are rare and serialised.
public final class Reservations {

    /// A region is one mapping where it is committed and another where it is not.
    static final int MAPPINGS_PER_REGION = 2;

    /// How many times its limit an owner gets in addresses. First fit places blocks of 1 to m pages, of which n are in
    /// use at a time, within `n * (1 + 1/2 + ... + 1/m) / ln 2` pages, whatever the order of requests (J. M. Robson;
    /// see D. E. Knuth, The Art of Computer Programming, volume 1, exercise 2.5-43). That is less than 16 n for runs
    /// of up to 36,000 pages.
    static final int SPREAD = 16;

    /// The same where the system takes no memory back. Each page that was ever used counts there, so more addresses
    /// help only around aligned runs; and all of them are cut from one segment.
    static final int PORTABLE_SPREAD = 4;

    /// An owner with a low limit gets this much, so that many owners that end by force can use one reservation.
    static final long MIN_SPREAD_BYTES = 1L << 30;

    /// All owners together get this much beyond their limits: an eighth of what a process has.
    static final long MAX_SPREAD_BYTES = 1L << 44;

    /// Parked extents that wait for an owner: those of 64 arenas.
    static final int MAX_PARKED = 128;

    private static final int NO_SPREAD = 1;
    private static final Reservations SYSTEM = ofSystem();

    private final VirtualMemory memory; // (C)
    private final MappingBudget mappings; // (C)
    private final int spread; // (C)
    private final List<Extent> parked = new ArrayList<>(); // (L) this
    private final List<Remnant> remnants = new ArrayList<>(); // (L) this
    private long reservedBytes; // (L) this; mapped now, parked or not

    /// Reserved space and how much of it, from its start, was ever committed.
    record Extent(long address, long byteSize, long byteAlignment, long committedByteSize) {}

    /// Makes reservations over another kernel seam, for tests; everything else shares [#system()]. An owner gets as
    /// many addresses as its limit has bytes.
    ///
    /// @param memory what the regions are made of
    /// @param mappings what the regions are charged to
    public Reservations(VirtualMemory memory, MappingBudget mappings) {
        this(memory, mappings, NO_SPREAD);
    }

    /// Makes reservations over another kernel seam, for tests.
    ///
    /// @param memory what the regions are made of
    /// @param mappings what the regions are charged to
    /// @param spread how many times its limit an owner gets in addresses
    public Reservations(VirtualMemory memory, MappingBudget mappings, int spread) {
        if (spread < NO_SPREAD) {
            throw new IllegalArgumentException("spread is too low: spread=" + spread + ", min=" + NO_SPREAD);
        }
        this.memory = memory;
        this.mappings = mappings;
        this.spread = spread;
    }

    private static Reservations ofSystem() {
        VirtualMemory memory = VirtualMemory.system();
        int spread = memory.can(Capability.DECOMMIT) ? SPREAD : PORTABLE_SPREAD;
        return new Reservations(memory, MappingBudget.system(), spread);
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
    /// @throws SystemCallException if the kernel refuses the address space
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
            reservedBytes += byteSize;
            return new Region(this, name, new Extent(address, byteSize, byteAlignment, 0), byteSize);
        } catch (SystemCallException | IllegalArgumentException e) {
            mappings.credit(MAPPINGS_PER_REGION);
            throw e;
        }
    }

    /// {@return the bytes of addresses for an owner that may use `byteLimit` bytes of them at a time: more, as far as
    /// there are enough to leave as many to others, but never less}
    ///
    /// @param byteLimit a multiple of `pageByteSize`
    /// @param pageByteSize size of a page in bytes
    /// @param maxByteSize the most that the owner can use
    public synchronized long addressByteSize(long byteLimit, long pageByteSize, long maxByteSize) {
        long most = Math.clamp(maxByteSize - byteLimit, 0, Math.max(0, MAX_SPREAD_BYTES - reservedBytes)) + byteLimit;
        long wanted = spread == NO_SPREAD ? byteLimit : Math.min(most, spreadOf(byteLimit));
        while (wanted > byteLimit && !isParked(wanted) && !isFree(2 * wanted)) {
            wanted = Math.max(byteLimit, Alignment.down(wanted / 2, pageByteSize));
        }
        return wanted;
    }

    private long spreadOf(long byteLimit) {
        long least = memory.can(Capability.DECOMMIT) ? MIN_SPREAD_BYTES : 0;
        return byteLimit > MAX_SPREAD_BYTES ? byteLimit : Math.max(byteLimit * spread, least);
    }

    /// {@return a limit for an owner that named none: `byteLimit`, or a half of it, and so on, if there are too few
    /// addresses}
    ///
    /// @param byteLimit a multiple of `pageByteSize`
    /// @param pageByteSize size of a page in bytes
    /// @param minByteLimit what is returned though there may be too few addresses for it
    public synchronized long defaultByteLimit(long byteLimit, long pageByteSize, long minByteLimit) {
        // where the system has one address space for all, the JVM needs some for its threads
        int parts = memory.can(Capability.DECOMMIT) ? 2 : 1;
        long limit = byteLimit;
        while (limit / 2 >= minByteLimit && !isParked(limit) && !isFree(parts * limit)) {
            limit = Alignment.down(limit / 2, pageByteSize);
        }
        return limit;
    }

    private boolean isParked(long byteSize) {
        return parked.stream().anyMatch(extent -> extent.byteSize >= byteSize);
    }

    private boolean isFree(long byteSize) {
        try {
            memory.release(memory.reserve(byteSize, memory.pageSize()), byteSize);
            return true;
        } catch (SystemCallException e) {
            return false;
        }
    }

    /// Keeps address space into which pointers may be left.
    ///
    /// @param remnant the space, which no owner uses any more
    public synchronized void keep(Remnant remnant) {
        remnants.add(remnant);
    }

    /// {@return the smallest remnant that fits, which is the caller's from now on, or null if none fits}
    ///
    /// @param regions the number of regions that owners of this kind have
    /// @param fits whether a remnant with so many regions fits
    public synchronized @Nullable Remnant takeRemnant(int regions, Predicate<Remnant> fits) {
        Remnant fit = remnants.stream()
                .filter(remnant -> remnant.regionCount() == regions && fits.test(remnant))
                .min(Comparator.comparingInt(Remnant::pageCount))
                .orElse(null);
        remnants.remove(fit);
        return fit;
    }

    /// {@return number of remnants that wait for an owner}
    public synchronized int remnantCount() {
        return remnants.size();
    }

    /// Takes a clean extent back: its memory is gone and it reads as zero.
    synchronized void park(Extent extent) {
        if (memory.can(Capability.DECOMMIT)) {
            parked.add(extent);
            if (parked.size() > MAX_PARKED) {
                releaseOldest();
            }
        } else {
            // where nothing is ever unmapped, releasing is as safe as parking, and zeroes the space for its next owner
            release(extent);
        }
    }

    private void releaseOldest() {
        try {
            release(parked.getFirst());
            parked.removeFirst();
        } catch (SystemCallException e) {
            // unmapping a part of a mapping makes one more, of which there may be too many; the next owner uses it
        }
    }

    /// Unmaps everything parked, and all remnants. Only for a caller that knows that no pointer into it is left, such
    /// as a test.
    ///
    /// @throws SystemCallException if the kernel refuses; what it did not take stays parked
    public synchronized void releaseParked() {
        while (!parked.isEmpty()) {
            release(parked.getLast());
            parked.removeLast();
        }
        while (!remnants.isEmpty()) {
            parked.addAll(remnants.removeLast().extents()); // so that what the kernel refuses is not forgotten
            releaseParked();
        }
    }

    /// {@return how many closed regions wait for an owner}
    public synchronized int parkedCount() {
        return parked.size();
    }

    private void release(Extent extent) {
        memory.release(extent.address, extent.byteSize);
        mappings.credit(MAPPINGS_PER_REGION);
        reservedBytes -= extent.byteSize;
    }
}
