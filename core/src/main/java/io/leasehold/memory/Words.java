package io.leasehold.memory;

import io.leasehold.os.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Ordered access to naturally aligned words at an absolute address: the only place where threads meet off the heap.
///
/// **Alignment.** An `int` at a multiple of 4 bytes, a `long` at a multiple of 8; else [IllegalArgumentException].
///
/// **Memory order.** The names are those of [VarHandle]: a `setRelease` is paired with a `getAcquire` of the same
/// word and publishes all that was written before it; `compareAndSet` is both.
public final class Words {

    private static final MemorySegment ALL = AddressSpace.ALL;
    private static final long BASE = AddressSpace.BASE;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    private Words() {}

    /// {@return the `int` at `address`, with opaque order}
    ///
    /// @param address where, a multiple of the size of the word
    public static int getIntOpaque(long address) {
        return (int) INT.getOpaque(ALL, address - BASE);
    }

    /// {@return the `int` at `address`, with acquire order}
    ///
    /// @param address where, a multiple of the size of the word
    public static int getIntAcquire(long address) {
        return (int) INT.getAcquire(ALL, address - BASE);
    }

    /// Stores an `int` with opaque order: neither lost nor moved across another opaque access by the compiler.
    ///
    /// @param address where, a multiple of the size of the word
    /// @param value what to store
    public static void setIntOpaque(long address, int value) {
        INT.setOpaque(ALL, address - BASE, value);
    }

    /// Stores an `int` with release order.
    ///
    /// @param address where, a multiple of the size of the word
    /// @param value what to store
    public static void setIntRelease(long address, int value) {
        INT.setRelease(ALL, address - BASE, value);
    }

    /// Stores an `int` with volatile order.
    ///
    /// @param address where, a multiple of the size of the word
    /// @param value what to store
    public static void setIntVolatile(long address, int value) {
        INT.setVolatile(ALL, address - BASE, value);
    }

    /// {@return whether the `int` at `address` was `expected` and now is `value`}
    ///
    /// @param address where, a multiple of the size of the word
    /// @param expected what must be there for that
    /// @param value what to store
    public static boolean compareAndSetInt(long address, int expected, int value) {
        return INT.compareAndSet(ALL, address - BASE, expected, value);
    }

    /// {@return the `long` at `address`, with opaque order}
    ///
    /// @param address where, a multiple of the size of the word
    public static long getLongOpaque(long address) {
        return (long) LONG.getOpaque(ALL, address - BASE);
    }

    /// {@return the `long` at `address`, with acquire order}
    ///
    /// @param address where, a multiple of the size of the word
    public static long getLongAcquire(long address) {
        return (long) LONG.getAcquire(ALL, address - BASE);
    }

    /// Stores a `long` with release order.
    ///
    /// @param address where, a multiple of the size of the word
    /// @param value what to store
    public static void setLongRelease(long address, long value) {
        LONG.setRelease(ALL, address - BASE, value);
    }

    /// {@return whether the `long` at `address` was `expected` and now is `value`}
    ///
    /// @param address where, a multiple of the size of the word
    /// @param expected what must be there for that
    /// @param value what to store
    public static boolean compareAndSetLong(long address, long expected, long value) {
        return LONG.compareAndSet(ALL, address - BASE, expected, value);
    }
}
