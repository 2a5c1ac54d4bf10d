package io.leasehold.lease;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.Region;
import io.leasehold.memory.Remnant;
import io.leasehold.memory.Reservations;
import io.leasehold.page.service.PageFile;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The addresses of the windows of one pool.
///
/// ```text
///   region   | x | . | x | . | x | slot 0 | slot 1 | ... | slot n-1 | . | . | ...     x: lost
///                                ^ first: the first gap that is long enough
/// ```
///
/// If a pool is closed forcibly while leases are open, the addresses of their windows are lost, because the holder of a
/// lease may still use its address. The next pool with windows of this size reuses the rest of the region. So forced
/// closes use up addresses and mappings only in proportion to the lost windows.
///
/// **Ownership.** [WindowedMap] opens and closes the region.
///
/// **Threads.** Several threads may call [#map] concurrently, for different slots. One thread calls [#close].
final class WindowRegion {

    private static final int REGIONS = 1;

    private final PageFile file; // (C)
    private final Region region; // (C)
    private final long windowByteSize; // (C)
    private final int windowCount; // (C) number of windows that fit in the region
    private final int first; // (C) number of the window that is slot 0
    private final BitSet lost; // (O)
    private boolean isKept; // (O) the region was kept for later pools

    private WindowRegion(PageFile file, Region region, long windowByteSize, BitSet lost, int slots) {
        this.file = file;
        this.region = region;
        this.windowByteSize = windowByteSize;
        this.windowCount = (int) Math.min(Integer.MAX_VALUE, region.byteSize() / windowByteSize);
        this.lost = lost;
        this.first = firstClean(lost, slots);
    }

    private static int firstClean(BitSet lost, int slots) {
        int from = 0;
        for (int at = lost.nextSetBit(0); at >= 0 && at - from < slots; at = lost.nextSetBit(from)) {
            from = lost.nextClearBit(at);
        }
        return from;
    }

    /// Reserves addresses, or reuses those of a pool that was closed forcibly, and commits them.
    ///
    /// @param name name of the pool in messages
    /// @param file memory file of the pages to map
    /// @param slots number of windows
    /// @param windowByteSize size of a window in bytes, a power of two
    /// @throws IllegalStateException if the [io.leasehold.memory.MappingBudget] is exhausted
    /// @throws SystemCallException if the kernel refuses; nothing is changed then
    static WindowRegion open(String name, PageFile file, int slots, long windowByteSize) {
        Reservations reservations = file.reservations();
        Remnant remnant = reservations.takeRemnant(
                REGIONS, left -> left.pageByteSize() == windowByteSize && left.longestClean() >= slots);
        Region region = null;
        try {
            region = remnant == null
                    ? reserve(name, reservations, slots, windowByteSize)
                    : remnant.succeed(name).getFirst();
            BitSet lost = remnant == null ? new BitSet() : remnant.lost();
            WindowRegion opened = new WindowRegion(file, region, windowByteSize, lost, slots);
            region.commit((opened.first + slots) * windowByteSize);
            return opened;
        } catch (RuntimeException | Error e) {
            undo(e, reservations, region, remnant);
            throw e;
        }
    }

    private static Region reserve(String name, Reservations reservations, int slots, long windowByteSize) {
        long byteSize = slots * windowByteSize;
        long wanted = reservations.addressByteSize(byteSize, windowByteSize, Integer.MAX_VALUE * windowByteSize);
        return reservations.reserve(name, wanted, windowByteSize);
    }

    private static void undo(
            Throwable cause, Reservations reservations, @Nullable Region region, @Nullable Remnant remnant) {
        if (remnant != null) {
            reservations.keep(region == null ? remnant : remnant.with(List.of(region)));
        } else if (region != null) {
            try {
                region.close();
            } catch (SystemCallException e) {
                cause.addSuppressed(e);
            }
        }
    }

    /// {@return the address of slot 0, a multiple of the size of a window}
    long address() {
        return region.address() + first * windowByteSize;
    }

    /// Maps pages into a window. The mapping replaces the previous one atomically.
    ///
    /// @param direct address of the first page in the arena
    /// @throws SystemCallException if the kernel refuses
    void map(int slot, long direct) {
        file.map(region, (first + slot) * windowByteSize, windowByteSize, direct);
    }

    /// Releases the addresses. If windows are lost, only the memory is released, and the region is kept for a later
    /// pool, except for the addresses of the lost windows.
    ///
    /// @param left slots whose addresses callers of this pool may still use
    /// @throws SystemCallException if the kernel refuses; closing can be repeated
    void close(BitSet left) {
        for (int slot = left.nextSetBit(0); slot >= 0; slot = left.nextSetBit(slot + 1)) {
            lost.set(first + slot);
        }
        if (lost.isEmpty()) {
            region.close();
            return;
        }
        region.abandon();
        if (!isKept) {
            file.reservations().keep(new Remnant(List.of(region), windowByteSize, windowCount, lost));
            isKept = true; // last: if the Java heap is full, closing can be repeated
        }
    }

    @Override
    public String toString() {
        return format("WindowRegion(first=%d, lost=%d, %s)", first, lost.cardinality(), region);
    }
}
