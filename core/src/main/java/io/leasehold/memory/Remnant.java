package io.leasehold.memory;

import io.leasehold.error.SystemCallException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The address space of an owner that ended by force: pointers may be left into some of its pages, and the next owner
/// uses the others.
///
/// ```text
///   forced close                         next owner with pages of this size
///   Region, Region --abandon--> Remnant --succeed--> Region, Region     the pages in `lost` are never used again
/// ```
///
/// All of it stays readable and writable, so a stale pointer never ends the process. Only what pointers may be left
/// into is used up, so however often owners end by force, the address space and the mappings that are used up stay in
/// proportion to the bytes that were left behind.
///
/// **Ownership.** [Reservations] keeps it, until an owner takes it.
///
/// **Threads.** Immutable, but for `lost`, which is the owner's.
public final class Remnant {

    private final List<Region> regions; // (C) abandoned, or the kernel refused that
    private final long pageByteSize; // (C)
    private final int pageCount; // (C)
    private final BitSet lost; // (O)
    private final int longestClean; // (C)

    /// Keeps the address space of an owner.
    ///
    /// @param regions the regions, which only serve together; no owner uses them any more
    /// @param pageByteSize size of a page in bytes
    /// @param pageCount number of pages
    /// @param lost the pages into which pointers may be left
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

    /// {@return the regions, open, in their order}
    ///
    /// @param name what they are called in messages
    /// @throws SystemCallException if the kernel refuses to take memory that it refused to take before
    public List<Region> succeed(String name) {
        List<Region> successors = new ArrayList<>();
        for (Region region : regions) {
            successors.add(region.succeeded(name));
        }
        return successors;
    }

    /// {@return the same pages, lost or not, with regions that an owner tried to use}
    ///
    /// @param tried the regions of [#succeed]
    public Remnant with(List<Region> tried) {
        return new Remnant(tried, pageByteSize, pageCount, lost);
    }

    /// {@return the number of regions}
    public int regionCount() {
        return regions.size();
    }

    /// {@return size of a page in bytes}
    public long pageByteSize() {
        return pageByteSize;
    }

    /// {@return number of pages, with those that are lost}
    public int pageCount() {
        return pageCount;
    }

    /// {@return the pages into which pointers may be left}
    public BitSet lost() {
        return lost;
    }

    /// {@return length of the longest run of pages into which no pointers are left}
    public int longestClean() {
        return longestClean;
    }

    /// {@return the address space of the regions}
    List<Reservations.Extent> extents() {
        return regions.stream().map(Region::extent).toList();
    }

    @Override
    public String toString() {
        return "Remnant(pages=%d, pageByteSize=%d, lost=%d)".formatted(pageCount, pageByteSize, lost.cardinality());
    }
}
