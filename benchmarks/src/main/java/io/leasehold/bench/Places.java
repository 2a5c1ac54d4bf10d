package io.leasehold.bench;

/// Random places in a file, a few nanoseconds each, the same ones in every run.
final class Places {

    private final long mask;
    private final long byteSize;
    private long state = 0x9E3779B97F4A7C15L;

    /// @param count of the places, a power of two
    /// @param byteSize from one to the next
    Places(long count, long byteSize) {
        if (Long.bitCount(count) != 1) {
            throw new IllegalArgumentException("count is no power of two: " + count);
        }
        this.mask = count - 1;
        this.byteSize = byteSize;
    }

    /// {@return the next place in bytes}
    long next() {
        return (random() >>> 16 & mask) * byteSize;
    }

    /// {@return 64 random bits, the low ones less so}
    long random() {
        long next = state;
        next ^= next << 13;
        next ^= next >>> 7;
        next ^= next << 17;
        state = next;
        return next;
    }
}
