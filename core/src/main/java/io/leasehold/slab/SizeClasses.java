package io.leasehold.slab;

/// The sizes of blocks, and the size class for each request.
///
/// ```text
///   16  32  48 ... 240  256 | 288  320 ... 480  512 | 576 ... 1024 | ... | 7 * 2^28  15 * 2^27  2^31 - 9
///   steps of 16             | steps of 32           | of 64        |     | eight steps a doubling, and 17,408
/// ```
///
/// A TLS record of 16 KiB has a header and a tag, so its buffer is 16,408 to 16,709 B long. The next of the eight steps
/// is 18,432 B. Most bytes of a proxy are such buffers, so they have a size of their own.
///
/// **Invariants.** Above 256 B a block is at most an eighth larger than the request. If a request is a multiple of a
/// power of two, so is the length of its block. The exception is the largest block, which begins at a page boundary.
///
/// **Threads.** Immutable.
final class SizeClasses {

    /// The number of size classes.
    static final int COUNT;

    /// The length of each block is a multiple of this, and so is its address outside the Java heap.
    static final int ALIGNMENT = 16;

    /// The length of the largest block in bytes: the longest array that every JVM can make.
    static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    /// The answer of [#ofSmall] for sizes that are not in its tables.
    static final int NOT_SMALL = -1;

    private static final int QUANTUM_POWER = Integer.numberOfTrailingZeros(ALIGNMENT);
    private static final int STEPS_POWER = 3;
    private static final int LINEAR_BYTES = 256;
    private static final int LINEAR_CLASSES = LINEAR_BYTES >>> QUANTUM_POWER;

    /// The size for TLS records. It lies between two of the eight steps.
    private static final int TLS_BYTES = 17 << 10;

    private static final int TLS_CLASS = stepOf(TLS_BYTES);

    /// Requests up to this are looked up in steps of 16 bytes, and requests up to [#COARSE_BYTES] in steps of 128
    /// bytes.
    private static final int FINE_BYTES = 1 << 10;

    private static final int COARSE_POWER = 7;
    private static final int COARSE_BYTES = 64 << 10;

    // Powers of two: C2 then knows that a masked index is in bounds.
    private static final byte[] FINE = new byte[2 * (FINE_BYTES >>> QUANTUM_POWER)];
    private static final byte[] COARSE = new byte[2 * (COARSE_BYTES >>> COARSE_POWER)];

    static {
        for (int i = 0; i <= FINE_BYTES >>> QUANTUM_POWER; i++) {
            FINE[i] = (byte) computed(Math.max(1, i << QUANTUM_POWER));
        }
        for (int i = 0; i <= COARSE_BYTES >>> COARSE_POWER; i++) {
            COARSE[i] = (byte) computed(Math.max(1, i << COARSE_POWER));
        }
        COUNT = computed(MAX_BYTES) + 1;
    }

    private SizeClasses() {}

    /// {@return the class of the smallest block with at least `byteSize` bytes}
    ///
    /// @throws IllegalArgumentException if `byteSize` is negative or greater than [#MAX_BYTES]
    static int of(int byteSize) {
        int sizeClass = ofSmall(byteSize);
        if (sizeClass != NOT_SMALL) {
            return sizeClass;
        }
        if (byteSize < 0 || byteSize > MAX_BYTES) {
            throw outOfBounds(byteSize);
        }
        return computed(byteSize);
    }

    /// {@return the class of the smallest block with at least `byteSize` bytes, or [#NOT_SMALL] if `byteSize` is
    /// negative or more than 64 KiB}
    static int ofSmall(int byteSize) {
        if (byteSize >= 0 && byteSize <= FINE_BYTES) {
            return FINE[((byteSize + ALIGNMENT - 1) >>> QUANTUM_POWER) & (FINE.length - 1)];
        }
        return byteSize >= 0 && byteSize <= COARSE_BYTES
                ? COARSE[((byteSize + (1 << COARSE_POWER) - 1) >>> COARSE_POWER) & (COARSE.length - 1)]
                : NOT_SMALL;
    }

    /// {@return the length in bytes of the blocks of a class}
    static int byteSize(int sizeClass) {
        return sizeClass == TLS_CLASS ? TLS_BYTES : stepBytes(sizeClass < TLS_CLASS ? sizeClass : sizeClass - 1);
    }

    private static int computed(int byteSize) {
        return byteSize <= TLS_BYTES ? stepOf(byteSize) : stepOf(byteSize) + 1;
    }

    private static int stepBytes(int step) {
        if (step < LINEAR_CLASSES) {
            return (step + 1) << QUANTUM_POWER;
        }
        int geometric = step - LINEAR_CLASSES;
        int power = (geometric >>> STEPS_POWER) + Integer.numberOfTrailingZeros(LINEAR_BYTES);
        int steps = (geometric & ((1 << STEPS_POWER) - 1)) + 1;
        return (int) Math.min((1L << power) + ((long) steps << (power - STEPS_POWER)), MAX_BYTES);
    }

    /// {@return the number of the shortest step with at least `byteSize` bytes}
    private static int stepOf(int byteSize) {
        int last = byteSize - 1;
        if (byteSize <= LINEAR_BYTES) {
            return last >>> QUANTUM_POWER;
        }
        int power = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(last);
        int step = (last >>> (power - STEPS_POWER)) & ((1 << STEPS_POWER) - 1);
        int doublings = power - Integer.numberOfTrailingZeros(LINEAR_BYTES);
        return LINEAR_CLASSES + (doublings << STEPS_POWER) + step;
    }

    private static IllegalArgumentException outOfBounds(int byteSize) {
        return new IllegalArgumentException(
                "no block has this size: byteSize=" + byteSize + ", min=0, max=" + MAX_BYTES);
    }
}
