package io.leasehold.memory;

import io.leasehold.os.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Ordered access to naturally aligned words at an absolute address. Threads synchronize off the heap only through this
/// class.
///
/// **Alignment.** An `int` must lie at a multiple of 4 bytes, a `long` at a multiple of 8. Otherwise the access throws
/// an [IllegalArgumentException].
///
/// **Memory order.** The method names are those of [VarHandle]. A `setRelease` is paired with a `getAcquire` of the
/// same word, and publishes all stores before it. `compareAndSet` has volatile order.
public final class Words {

    private static final MemorySegment ALL = AddressSpace.ALL;
    private static final long BASE = AddressSpace.BASE;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    private Words() {}

    /// {@return the `int` at `address`, with opaque order}
    ///
    /// @param address address of the word, a multiple of its size
    public static int getIntOpaque(long address) {
        return (int) INT.getOpaque(ALL, address - BASE);
    }

    /// {@return the `int` at `address`, with acquire order}
    ///
    /// @param address address of the word, a multiple of its size
    public static int getIntAcquire(long address) {
        return (int) INT.getAcquire(ALL, address - BASE);
    }

    /// Stores an `int` with opaque order: the compiler neither removes the store nor moves it across another opaque
    /// access to the word.
    ///
    /// @param address address of the word, a multiple of its size
    /// @param value value to store
    public static void setIntOpaque(long address, int value) {
        INT.setOpaque(ALL, address - BASE, value);
    }

    /// Stores an `int` with release order.
    ///
    /// @param address address of the word, a multiple of its size
    /// @param value value to store
    public static void setIntRelease(long address, int value) {
        INT.setRelease(ALL, address - BASE, value);
    }

    /// Stores an `int` with volatile order.
    ///
    /// @param address address of the word, a multiple of its size
    /// @param value value to store
    public static void setIntVolatile(long address, int value) {
        INT.setVolatile(ALL, address - BASE, value);
    }

    /// Compares the `int` at `address` with `expected`, and stores `value` if they are equal.
    ///
    /// @param address address of the word, a multiple of its size
    /// @param expected expected value
    /// @param value value to store
    /// @return true if `value` was stored
    public static boolean compareAndSetInt(long address, int expected, int value) {
        return INT.compareAndSet(ALL, address - BASE, expected, value);
    }

    /// {@return the `long` at `address`, with opaque order}
    ///
    /// @param address address of the word, a multiple of its size
    public static long getLongOpaque(long address) {
        return (long) LONG.getOpaque(ALL, address - BASE);
    }

    /// {@return the `long` at `address`, with acquire order}
    ///
    /// @param address address of the word, a multiple of its size
    public static long getLongAcquire(long address) {
        return (long) LONG.getAcquire(ALL, address - BASE);
    }

    /// Stores a `long` with release order.
    ///
    /// @param address address of the word, a multiple of its size
    /// @param value value to store
    public static void setLongRelease(long address, long value) {
        LONG.setRelease(ALL, address - BASE, value);
    }

    /// Compares the `long` at `address` with `expected`, and stores `value` if they are equal.
    ///
    /// @param address address of the word, a multiple of its size
    /// @param expected expected value
    /// @param value value to store
    /// @return true if `value` was stored
    public static boolean compareAndSetLong(long address, long expected, long value) {
        return LONG.compareAndSet(ALL, address - BASE, expected, value);
    }
}
