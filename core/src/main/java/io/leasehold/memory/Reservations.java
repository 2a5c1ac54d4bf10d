package io.leasehold.memory;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The reserved address space of this process. Reserves regions, and keeps closed regions for the next owner.
///
/// ```text
///            reserve                      close
///   kernel ----------> Region (one owner) -------> retained, reads zero ---+
///                         ^                                                |
///                         +------------- next reserve that fits -----------+
/// ```
///
/// On systems that can decommit memory, retained space stays mapped. So a stale pointer into it reads zero instead of
/// ending the process. To limit the use of addresses after very many owners, the oldest of more than [#MAX_RETAINED]
/// retained ranges is unmapped. Space into which pointers are known to be left is kept as a [Remnant].
///
/// **Spread.** An owner with a limit for memory reserves several times as many addresses ([#addressByteSize]), so that
/// it finds a long run in spite of short runs in between. Addresses cost no memory, but they can be scarce. All owners
/// together get [#MAX_SPREAD_BYTES] beyond their limits. If the system cannot reserve twice the wanted addresses, the
/// owner gets fewer.
///
/// **Threads.** Thread-safe. Calls are rare, and guarded by `this`.
public final class Reservations {

    /// Mappings of a region: one for its committed part, and one for the rest.
    static final int MAPPINGS_PER_REGION = 2;

    /// Addresses that an owner gets, as a multiple of its limit. First fit places blocks of 1 to m pages, with at most
    /// n pages in use at once, within `n * (1 + 1/2 + ... + 1/m) / ln 2` pages, whatever the order of requests (J. M.
    /// Robson; see D. E. Knuth, The Art of Computer Programming, volume 1, exercise 2.5-43). That is less than 16 n for
    /// runs of up to 36,000 pages.
    static final int SPREAD = 16;

    /// The same multiple on systems that cannot decommit memory. Each page that was ever used counts there, so more
    /// addresses help only around aligned runs, and all addresses belong to one segment of limited size.
    static final int PORTABLE_SPREAD = 4;

    /// Minimum addresses in bytes for an owner, so that many owners that are closed forcibly can use one reservation.
    static final long MIN_SPREAD_BYTES = 1L << 30;

    /// Maximum addresses in bytes that all owners together get beyond their limits: an eighth of those of a process.
    static final long MAX_SPREAD_BYTES = 1L << 44;

    /// Maximum number of retained ranges: those of 64 arenas.
    static final int MAX_RETAINED = 128;

    private static final int NO_SPREAD = 1;
    private static final long NO_ADDRESS = 0;
    private static final long MAX_ALIGNMENT = 1L << 62;
    private static final Reservations SYSTEM = ofSystem();

    private final VirtualMemory memory; // (C)
    private final MappingBudget mappings; // (C)
    private final int spread; // (C)
    private final List<Range> retained =
            new ArrayList<>(MAX_RETAINED + 1); // (L) this; long enough, so closing needs no heap
    private final List<Remnant> remnants = new ArrayList<>(); // (L) this
    private long reservedBytes; // (L) this; mapped now, including retained ranges

    /// Reserved space. The first `committedByteSize` bytes were committed at some time.
    record Range(long address, long byteSize, long byteAlignment, long committedByteSize) {

        /// {@return this range, of which at least `newByteSize` bytes were committed}
        Range committed(long newByteSize) {
            return newByteSize <= committedByteSize ? this : new Range(address, byteSize, byteAlignment, newByteSize);
        }
    }

    /// Creates reservations over another seam, for tests. All other code uses [#system()]. An owner gets as many
    /// addresses as its limit has bytes.
    ///
    /// @param memory system calls
    /// @param mappings budget that the regions are charged to
    public Reservations(VirtualMemory memory, MappingBudget mappings) {
        this(memory, mappings, NO_SPREAD);
    }

    /// Creates reservations over another seam, for tests.
    ///
    /// @param memory system calls
    /// @param mappings budget that the regions are charged to
    /// @param spread addresses that an owner gets, as a multiple of its limit
    public Reservations(VirtualMemory memory, MappingBudget mappings, int spread) {
        if (spread < NO_SPREAD) {
            throw new IllegalArgumentException("spread is too low: spread=" + spread + ", min=" + NO_SPREAD);
        }
        EarlyClasses.resolve("munmap", "retained"); // the system calls that undo a reservation
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

    /// {@return the seam for system calls that the regions use}
    public VirtualMemory memory() {
        return memory;
    }

    /// {@return the budget that the regions are charged to}
    public MappingBudget mappings() {
        return mappings;
    }

    /// Reserves address space. It costs no memory, and must not be accessed before [Region#commit].
    ///
    /// @param byteSize a multiple of the OS page
    /// @param byteAlignment a power of two of at least the OS page
    /// @param name name of the region in messages
    /// @return a region owned by the caller
    /// @throws IllegalArgumentException if the size or the alignment is invalid
    /// @throws IllegalStateException if the [MappingBudget] is exhausted
    /// @throws SystemCallException if the kernel refuses the address space
    public synchronized Region reserve(String name, long byteSize, long byteAlignment) {
        Alignment.check("byteAlignment", byteAlignment, 1, MAX_ALIGNMENT);
        if (byteAlignment < memory.pageSize()) {
            throw new IllegalArgumentException("byteAlignment is less than the OS page: region=" + name
                    + ", byteAlignment=" + byteAlignment + ", page=" + memory.pageSize());
        }
        if (byteSize <= 0 || !Alignment.isAligned(byteSize, memory.pageSize())) {
            throw new IllegalArgumentException("byteSize is not a positive multiple of the OS page: region=" + name
                    + ", byteSize=" + byteSize + ", page=" + memory.pageSize());
        }
        StackReserve.ensure(); // after the kernel call an overflow would lose the range
        Range fit = null;
        for (Range range : retained) {
            boolean fits = range.byteSize >= byteSize && range.byteAlignment >= byteAlignment;
            if (fits && (fit == null || range.byteSize < fit.byteSize)) {
                fit = range;
            }
        }
        if (fit != null) {
            Region region = new Region(this, name, fit, byteSize);
            retained.remove(fit); // last: if the Java heap is full, the range stays retained
            return region;
        }
        mappings.charge(name, MAPPINGS_PER_REGION);
        long address = NO_ADDRESS;
        Region region = null;
        try {
            address = memory.reserve(byteSize, byteAlignment);
            region = new Region(this, name, new Range(address, byteSize, byteAlignment, 0), byteSize);
            reservedBytes += byteSize;
            return region;
        } finally {
            if (region == null) { // the kernel refused, or the Java heap is full
                if (address != NO_ADDRESS) {
                    memory.release(address, byteSize);
                }
                mappings.credit(MAPPINGS_PER_REGION);
            }
        }
    }

    /// {@return the bytes of addresses to reserve for an owner that uses at most `byteLimit` bytes at once}
    ///
    /// At least `byteLimit`. More only if the system could reserve twice as many.
    ///
    /// @param byteLimit a multiple of `pageByteSize`
    /// @param pageByteSize size of a page in bytes
    /// @param maxByteSize maximum number of bytes of addresses that the owner can use
    public synchronized long addressByteSize(long byteLimit, long pageByteSize, long maxByteSize) {
        long most = Math.clamp(maxByteSize - byteLimit, 0, Math.max(0, MAX_SPREAD_BYTES - reservedBytes)) + byteLimit;
        long wanted = spread == NO_SPREAD ? byteLimit : Math.min(most, spreadOf(byteLimit));
        while (wanted > byteLimit && !isRetained(wanted) && !isFree(2 * wanted)) {
            wanted = Math.max(byteLimit, Alignment.down(wanted / 2, pageByteSize));
        }
        return wanted;
    }

    private long spreadOf(long byteLimit) {
        long least = memory.can(Capability.DECOMMIT) ? MIN_SPREAD_BYTES : 0;
        return byteLimit > MAX_SPREAD_BYTES ? byteLimit : Math.max(byteLimit * spread, least);
    }

    /// {@return a limit for an owner without a limit of its own}
    ///
    /// This is `byteLimit`, halved repeatedly while there are too few addresses.
    ///
    /// @param byteLimit a multiple of `pageByteSize`
    /// @param pageByteSize size of a page in bytes
    /// @param minByteLimit lower limit of the halving, even if there are too few addresses
    public synchronized long defaultByteLimit(long byteLimit, long pageByteSize, long minByteLimit) {
        // with DECOMMIT the JVM shares the address space, and needs some of it for its threads
        int parts = memory.can(Capability.DECOMMIT) ? 2 : 1;
        long limit = byteLimit;
        while (limit / 2 >= minByteLimit && !isRetained(limit) && !isFree(parts * limit)) {
            limit = Alignment.down(limit / 2, pageByteSize);
        }
        return limit;
    }

    private boolean isRetained(long byteSize) {
        for (Range range : retained) {
            if (range.byteSize >= byteSize) {
                return true;
            }
        }
        return false;
    }

    private boolean isFree(long byteSize) {
        StackReserve.ensure();
        try {
            memory.release(memory.reserve(byteSize, memory.pageSize()), byteSize);
            return true;
        } catch (SystemCallException e) {
            return false;
        }
    }

    /// Keeps address space into which pointers may be left.
    ///
    /// @param remnant address space that no owner uses
    public synchronized void keep(Remnant remnant) {
        remnants.add(remnant);
    }

    /// Takes the smallest remnant that fits.
    ///
    /// @param regions number of regions of an owner of this kind
    /// @param fits true if a remnant with this number of regions fits
    /// @return the remnant, which the caller owns, or null if none fits
    public synchronized @Nullable Remnant takeRemnant(int regions, Predicate<Remnant> fits) {
        Remnant fit = null;
        for (Remnant remnant : remnants) {
            boolean isSmaller = fit == null || remnant.pageCount() < fit.pageCount();
            if (isSmaller && remnant.regionCount() == regions && fits.test(remnant)) {
                fit = remnant;
            }
        }
        remnants.remove(fit);
        return fit;
    }

    /// {@return the number of remnants that no owner uses}
    public synchronized int remnantCount() {
        return remnants.size();
    }

    /// Retains a range whose memory was released, so that it reads as zero.
    synchronized void retain(Range range) {
        if (memory.can(Capability.DECOMMIT)) {
            if (retained.size() >= MAX_RETAINED) {
                releaseOldest();
            }
            retained.add(range); // last: a close that failed is repeated, and must not retain the range twice
        } else {
            // here release unmaps nothing: it is as safe as retaining, and zeroes the space for its next owner
            release(range);
        }
    }

    private void releaseOldest() {
        try {
            release(retained.getFirst());
            retained.removeFirst();
        } catch (SystemCallException e) {
            // unmapping the middle of a mapping adds a mapping, which may exceed the limit; the range stays retained
        }
    }

    /// Unmaps all retained ranges and all remnants. Only for callers that know that no pointer into them is left, such
    /// as tests.
    ///
    /// @throws SystemCallException if the kernel refuses; the other ranges stay retained
    public synchronized void releaseRetained() {
        while (!retained.isEmpty()) {
            release(retained.getLast());
            retained.removeLast();
        }
        while (!remnants.isEmpty()) {
            retained.addAll(remnants.removeLast().ranges()); // so that ranges that the kernel refuses to unmap are kept
            releaseRetained();
        }
    }

    /// {@return the number of retained ranges}
    public synchronized int retainedCount() {
        return retained.size();
    }

    private void release(Range range) {
        memory.release(range.address, range.byteSize);
        mappings.credit(MAPPINGS_PER_REGION);
        reservedBytes -= range.byteSize;
    }
}
