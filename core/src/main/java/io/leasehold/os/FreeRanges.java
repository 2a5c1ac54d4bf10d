package io.leasehold.os;

import java.util.Map;
import java.util.TreeMap;

/// The free address ranges of a portable segment, taken first fit by address and joined with their neighbours when
/// they come back.
///
/// **Threads.** Confined to whoever holds the lock of the owner.
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

    /// Takes a range out of the first free one that can hold it.
    ///
    /// @param byteAlignment alignment of the result in bytes, a power of two
    /// @return its address, or [#NONE]
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

    /// Gives a range back that overlaps no free one.
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

    /// {@return whether any byte of a range is free}
    boolean overlaps(long address, long byteSize) {
        Map.Entry<Long, Long> last = sizes.lowerEntry(address + byteSize);
        return last != null && last.getKey() + last.getValue() > address;
    }

    /// {@return the free bytes}
    long bytes() {
        return bytes;
    }

    void checkInvariants() {
        long sum = 0;
        long previousEnd = -1;
        for (Map.Entry<Long, Long> range : sizes.entrySet()) {
            if (range.getValue() <= 0 || range.getKey() <= previousEnd) {
                throw new AssertionError("I1: start=" + range.getKey() + ", size=" + range.getValue()
                        + ", end of the range before=" + previousEnd);
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
