package io.leasehold.os;

import java.util.Map;
import java.util.TreeMap;

/// The free address ranges of a portable segment. Allocation is first fit by address. A freed range is joined with its
/// free neighbours.
///
/// **Threads.** Guarded by the lock of the owner, [PortableVirtualMemory].
///
/// **Invariants.** I1: no two ranges overlap or touch. I2: `bytes` is the sum of all range sizes.
final class FreeRanges {

    /// Result of [#take] when no range is large enough.
    static final long NONE = -1;

    private final TreeMap<Long, Long> sizes = new TreeMap<>(); // (L) range start to range size
    private long bytes; // (L)

    FreeRanges(long address, long byteSize) {
        sizes.put(address, byteSize);
        bytes = byteSize;
    }

    /// Allocates a range from the first free range that is large enough.
    ///
    /// @param byteAlignment alignment of the result in bytes, a power of two
    /// @return the address of the range, or [#NONE]
    long take(long byteSize, long byteAlignment) {
        for (Map.Entry<Long, Long> range : sizes.entrySet()) {
            long start = range.getKey();
            long end = start + range.getValue();
            long address = (start + byteAlignment - 1) & -byteAlignment;
            if (address < end && end - address >= byteSize) {
                sizes.remove(start);
                put(start, address);
                put(address + byteSize, end);
                bytes -= byteSize;
                return address;
            }
        }
        return NONE;
    }

    /// Frees a range. The range must not overlap a free one.
    void give(long address, long byteSize) {
        long start = address;
        long end = address + byteSize;
        Map.Entry<Long, Long> before = sizes.lowerEntry(address);
        if (before != null && before.getKey() + before.getValue() == address) {
            start = before.getKey();
        }
        Long after = sizes.remove(end);
        if (after != null) {
            end += after;
        }
        put(start, end);
        bytes += byteSize;
    }

    /// {@return true if any byte of a range is free}
    boolean overlaps(long address, long byteSize) {
        Map.Entry<Long, Long> last = sizes.lowerEntry(address + byteSize);
        return last != null && last.getKey() + last.getValue() > address;
    }

    /// {@return the number of free bytes}
    long bytes() {
        return bytes;
    }

    void checkInvariants() {
        long sum = 0;
        long previousEnd = -1;
        for (Map.Entry<Long, Long> range : sizes.entrySet()) {
            if (range.getValue() <= 0 || range.getKey() <= previousEnd) {
                throw new AssertionError(
                        "I1: start=" + range.getKey() + ", size=" + range.getValue() + ", previousEnd=" + previousEnd);
            }
            previousEnd = range.getKey() + range.getValue();
            sum += range.getValue();
        }
        if (sum != bytes) {
            throw new AssertionError("I2: sum=" + sum + ", bytes=" + bytes);
        }
    }

    private void put(long start, long end) {
        if (start < end) {
            sizes.put(start, end - start);
        }
    }
}
