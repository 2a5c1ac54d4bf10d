package io.leasehold.os;

import org.jspecify.annotations.Nullable;

/// The free address ranges of a portable segment. Allocation is first fit by address. A freed range is joined with its
/// free neighbours.
///
/// ```text
///   first ---> | free | ---> | taken | ---> | taken | ---> | free | ---> ...      by address, without gaps
/// ```
///
/// **Failures.** Freeing a whole range that [#take] returned allocates nothing. So memory that cannot be used because
/// the Java heap is full can still be given back. Other changes allocate first, and change nothing if that fails.
///
/// **Threads.** Guarded by the lock of the owner, [PortableVirtualMemory].
///
/// **Invariants.** I1: each range begins where the one before it ends, and no two neighbours are free. I2: `bytes` is
/// the sum of the sizes of all free ranges.
final class FreeRanges {

    /// Result of [#take] when no range is large enough.
    static final long NONE = -1;

    private final Range first; // (L) its start stays, and all others are linked to it
    private long bytes; // (L)

    /// A free or a taken range.
    private static final class Range {
        final long start; // (C)
        long end; // (L)
        boolean isFree; // (L)

        @Nullable Range next; // (L)

        Range(long start, long end, boolean isFree, @Nullable Range next) {
            this.start = start;
            this.end = end;
            this.isFree = isFree;
            this.next = next;
        }
    }

    FreeRanges(long address, long byteSize) {
        first = new Range(address, address + byteSize, true, null);
        bytes = byteSize;
    }

    /// Allocates a range from the first free range that is large enough.
    ///
    /// @param byteAlignment alignment of the result in bytes, a power of two
    /// @return the address of the range, or [#NONE]
    long take(long byteSize, long byteAlignment) {
        for (Range range = first; range != null; range = range.next) {
            long address = (range.start + byteAlignment - 1) & -byteAlignment;
            if (range.isFree && address < range.end && range.end - address >= byteSize) {
                take(range, address, address + byteSize);
                return address;
            }
        }
        return NONE;
    }

    private void take(Range range, long address, long end) {
        Range behind = end < range.end ? new Range(end, range.end, true, range.next) : range.next;
        Range taken = address > range.start ? new Range(address, end, false, behind) : range;
        if (taken == range) {
            range.end = end;
            range.isFree = false;
            range.next = behind;
        } else {
            range.end = address;
            range.next = taken;
        }
        bytes -= end - address;
    }

    /// Frees a range. The range must not overlap a free one.
    void give(long address, long byteSize) {
        long end = address + byteSize;
        split(address); // if the next split fails, there is one taken range more, which changes nothing
        split(end);
        for (Range range = first; range != null; range = range.next) {
            range.isFree |= range.start >= address && range.end <= end;
        }
        for (Range range = first; range != null; range = range.next) {
            while (range.isFree && range.next != null && range.next.isFree) {
                range.end = range.next.end;
                range.next = range.next.next;
            }
        }
        bytes += byteSize;
    }

    /// Splits the range that contains `address`, unless it begins there.
    private void split(long address) {
        for (Range range = first; range != null; range = range.next) {
            if (range.start < address && address < range.end) {
                range.next = new Range(address, range.end, range.isFree, range.next);
                range.end = address;
            }
        }
    }

    /// {@return true if any byte of a range is free}
    boolean overlaps(long address, long byteSize) {
        for (Range range = first; range != null; range = range.next) {
            if (range.isFree && range.start < address + byteSize && range.end > address) {
                return true;
            }
        }
        return false;
    }

    /// {@return the number of free bytes}
    long bytes() {
        return bytes;
    }

    void checkInvariants() {
        long sum = 0;
        for (Range range = first; range != null; range = range.next) {
            Range next = range.next;
            boolean isLinked = next == null || (next.start == range.end && !(range.isFree && next.isFree));
            if (range.start >= range.end || !isLinked) {
                throw new AssertionError("I1: start=" + range.start + ", end=" + range.end);
            }
            sum += range.isFree ? range.end - range.start : 0;
        }
        if (sum != bytes) {
            throw new AssertionError("I2: sum=" + sum + ", bytes=" + bytes);
        }
    }
}
