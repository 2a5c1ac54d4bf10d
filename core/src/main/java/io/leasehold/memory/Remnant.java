package io.leasehold.memory;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The address space of an owner that was closed forcibly. Pointers may be left into some of its pages. The next owner
/// uses the other pages.
///
/// ```text
///   forced close                         next owner with pages of this size
///   Region, Region --abandon--> Remnant --succeed--> Region, Region     the pages in `lost` are never used again
/// ```
///
/// The whole remnant stays readable and writable, so a stale pointer never ends the process. Only the pages into which
/// pointers may be left are lost. So forced closes use up address space and mappings only in proportion to the bytes
/// that were in use.
///
/// **Ownership.** [Reservations] owns the remnant until an owner takes it.
///
/// **Threads.** Immutable, except for `lost`, which only the owner uses.
public final class Remnant {

    private final List<Region> regions; // (C) abandoned, unless the kernel refused
    private final long pageByteSize; // (C)
    private final int pageCount; // (C)
    private final BitSet lost; // (O)
    private final int longestClean; // (C)

    /// Creates a remnant of the address space of an owner.
    ///
    /// @param regions regions of the owner, which can only be reused together; no owner uses them any more
    /// @param pageByteSize size of a page in bytes
    /// @param pageCount number of pages
    /// @param lost pages into which pointers may be left
    public Remnant(List<Region> regions, long pageByteSize, int pageCount, BitSet lost) {
        this.regions = List.copyOf(regions);
        this.pageByteSize = pageByteSize;
        this.pageCount = pageCount;
        this.lost = lost;
        this.longestClean = longestClean(pageCount, lost);
    }

    private static int longestClean(int pageCount, BitSet lost) {
        int longest = 0;
        int from = 0;
        for (int at = lost.nextSetBit(0); at >= 0; at = lost.nextSetBit(from)) {
            longest = Math.max(longest, at - from);
            from = lost.nextClearBit(at);
        }
        return Math.max(longest, pageCount - from);
    }

    /// {@return new open regions over the address space, in the same order}
    ///
    /// @param name name of the new regions in messages
    /// @throws SystemCallException if the kernel fails again to release memory
    public List<Region> succeed(String name) {
        List<Region> successors = new ArrayList<>();
        for (Region region : regions) {
            successors.add(region.succeeded(name));
        }
        return successors;
    }

    /// {@return a remnant with the same pages, after an owner failed to use the regions}
    ///
    /// @param tried result of [#succeed]
    public Remnant with(List<Region> tried) {
        return new Remnant(tried, pageByteSize, pageCount, lost);
    }

    /// {@return the number of regions}
    public int regionCount() {
        return regions.size();
    }

    /// {@return the size of a page in bytes}
    public long pageByteSize() {
        return pageByteSize;
    }

    /// {@return true if the first region begins at a multiple of `byteAlignment`}
    ///
    /// @param byteAlignment a power of two, in bytes
    public boolean isAligned(long byteAlignment) {
        return Alignment.isAligned(regions.getFirst().address(), byteAlignment);
    }

    /// {@return the number of pages, including lost ones}
    public int pageCount() {
        return pageCount;
    }

    /// {@return the pages into which pointers may be left}
    public BitSet lost() {
        return lost;
    }

    /// {@return the length of the longest run of pages that are not lost}
    public int longestClean() {
        return longestClean;
    }

    /// {@return the address space of the regions}
    List<Reservations.Range> ranges() {
        return regions.stream().map(Region::range).toList();
    }

    @Override
    public String toString() {
        return format("Remnant(pages=%d, pageByteSize=%d, lost=%d)", pageCount, pageByteSize, lost.cardinality());
    }
}
