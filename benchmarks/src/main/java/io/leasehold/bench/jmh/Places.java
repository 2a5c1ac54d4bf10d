package io.leasehold.bench.jmh;

/// Pseudo-random places in a file. Each takes a few nanoseconds, and they are the same in every run.
final class Places {

    private final long mask;
    private final long byteSize;
    private long state = 0x9E3779B97F4A7C15L;

    /// Creates a sequence of places.
    ///
    /// @param count number of places, a power of two
    /// @param byteSize distance of two places in bytes
    Places(long count, long byteSize) {
        if (Long.bitCount(count) != 1) {
            throw new IllegalArgumentException("not a power of two: count=" + count);
        }
        this.mask = count - 1;
        this.byteSize = byteSize;
    }

    /// {@return the next place as an offset in bytes}
    long next() {
        return (random() >>> 16 & mask) * byteSize;
    }

    /// {@return 64 pseudo-random bits; the low ones are less random}
    long random() {
        long next = state;
        next ^= next << 13;
        next ^= next >>> 7;
        next ^= next << 17;
        state = next;
        return next;
    }
}
