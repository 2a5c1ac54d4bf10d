package io.leasehold.memory;

/// Arithmetic on byte alignments, which are always powers of two.
///
/// **Threads.** Stateless.
public final class Alignment {

    private Alignment() {}

    /// {@return true if `value` is a power of two}
    ///
    /// @param value a size, offset or address in bytes
    public static boolean isPowerOfTwo(long value) {
        return value > 0 && (value & (value - 1)) == 0;
    }

    /// {@return true if `value` is a multiple of `byteAlignment`}
    ///
    /// @param value a size, offset or address in bytes
    /// @param byteAlignment a power of two, in bytes
    public static boolean isAligned(long value, long byteAlignment) {
        return (value & (byteAlignment - 1)) == 0;
    }

    /// {@return the greatest multiple of `byteAlignment` that is at most `value`}
    ///
    /// @param value a size, offset or address in bytes
    /// @param byteAlignment a power of two, in bytes
    public static long down(long value, long byteAlignment) {
        return value & -byteAlignment;
    }

    /// {@return the least multiple of `byteAlignment` that is at least `value`}
    ///
    /// @param value a size, offset or address in bytes
    /// @param byteAlignment a power of two, in bytes
    /// @throws ArithmeticException if the result does not fit in a `long`
    public static long up(long value, long byteAlignment) {
        return down(Math.addExact(value, byteAlignment - 1), byteAlignment);
    }

    /// {@return the least power of two that is at least `value`, for `value` from 1 to 2^62}
    ///
    /// @param value a size, offset or address in bytes
    public static long powerOfTwoFrom(long value) {
        return value <= 1 ? 1 : Long.highestOneBit(value - 1) << 1;
    }

    /// {@return log2 of a power of two}
    ///
    /// @param powerOfTwo a power of two
    public static int power(long powerOfTwo) {
        return Long.numberOfTrailingZeros(powerOfTwo);
    }

    /// Checks an alignment or a size that a caller passed.
    ///
    /// @param name name of the value in the message
    /// @param value a power of two, in bytes
    /// @param min least value that is allowed
    /// @param max greatest value that is allowed
    /// @return `value`
    /// @throws IllegalArgumentException if `value` is not a power of two, or out of bounds
    public static long check(String name, long value, long min, long max) {
        if (!isPowerOfTwo(value)) {
            throw new IllegalArgumentException(
                    name + " is not a power of two: " + name + "=" + value + ", min=" + min + ", max=" + max);
        }
        return OptionChecks.range(name, value, min, max);
    }
}
