package io.leasehold.agrona;

import static io.leasehold.text.Texts.format;

import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.os.AddressSpace;
import io.leasehold.page.PageStateException;
import org.agrona.concurrent.UnsafeBuffer;

/// Wraps leased memory in Agrona's buffers, without a copy.
///
/// ```text
///   lease --- wrap, rewrap ---> UnsafeBuffer: address, capacity ----> Agrona's own loads, stores and atomics
///     |                              |
///   close <------ first ------- unwrap: capacity 0, every use throws
/// ```
///
/// An [UnsafeBuffer] is a [DirectBuffer][org.agrona.DirectBuffer], a
/// [MutableDirectBuffer][org.agrona.MutableDirectBuffer] and an [AtomicBuffer][org.agrona.concurrent.AtomicBuffer]. A
/// view of a whole lease is aligned for every atomic operation, because a lease begins at a page.
///
/// {@snippet class="io.leasehold.snippets.LeaseBuffersExample" region="example"}
///
/// **Ownership.** A view owns nothing and keeps nothing alive. It is valid until the lease ends, and has the size that
/// the lease had when the view was created. The lease is checked then, and never again. The package comment describes
/// uses after the end of the lease.
///
/// **Threads.** These methods are thread-safe. While one thread wraps, rewraps or unwraps a view, no other thread may
/// use the view, because its address and capacity are plain fields. Threads may share the memory. A view does not check
/// the thread that a lease is confined to.
///
/// **Errors.** If java was started without the option that Agrona needs, every method except [#unwrap] throws an
/// [IllegalStateException] that names the option.
public final class LeaseBuffers {

    private static final String NEEDED_PACKAGE = "jdk.internal.misc";

    /// False if the package is not exported to Agrona. Without this check Agrona would throw an internal error, and
    /// another error at the next call.
    private static final boolean IS_USABLE =
            Object.class.getModule().isExported(NEEDED_PACKAGE, UnsafeBuffer.class.getModule());

    private LeaseBuffers() {}

    /// {@return a new view of a whole lease}
    ///
    /// @param lease an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static UnsafeBuffer wrap(Lease lease) {
        requireUsable();
        return new UnsafeBuffer(lease.address(), capacity(lease.byteSize()));
    }

    /// {@return a new view of a whole lease}
    ///
    /// @param pool pool of the lease
    /// @param lease the handle of an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or pool
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static UnsafeBuffer wrap(LeasePool pool, long lease) {
        requireUsable();
        return new UnsafeBuffer(pool.address(lease), capacity(pool.byteSize(lease)));
    }

    /// {@return a new view of a block}
    ///
    /// The block may be a part of a lease. This method does not check that it is.
    ///
    /// @param address address of its first byte, with any alignment; atomic operations need a multiple of 8
    /// @param byteSize number of bytes, from 1 to 2^31 - 1
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws IllegalArgumentException if the size is outside these limits
    /// @throws IllegalArgumentException if the block is outside the memory that can be leased; in native mode only a
    ///     block at an address that is not positive
    public static UnsafeBuffer wrap(long address, long byteSize) {
        requireUsable();
        int capacity = capacity(byteSize);
        return new UnsafeBuffer(inMemory(address, capacity), capacity);
    }

    /// Makes a buffer a view of a whole lease, without allocating an object. If this throws, the buffer is unchanged.
    ///
    /// @param buffer any buffer, also an empty one
    /// @param lease an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended or is confined to another thread
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static void rewrap(UnsafeBuffer buffer, Lease lease) {
        requireUsable();
        buffer.wrap(lease.address(), capacity(lease.byteSize()));
    }

    /// Makes a buffer a view of a whole lease, without allocating an object. If this throws, the buffer is unchanged.
    ///
    /// @param buffer any buffer, also an empty one
    /// @param pool pool of the lease
    /// @param lease the handle of an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or pool
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static void rewrap(UnsafeBuffer buffer, LeasePool pool, long lease) {
        requireUsable();
        buffer.wrap(pool.address(lease), capacity(pool.byteSize(lease)));
    }

    /// Makes a buffer a view of a block, without allocating an object. If this throws, the buffer is unchanged.
    ///
    /// @param buffer any buffer, also an empty one
    /// @param address address of its first byte, with any alignment; atomic operations need a multiple of 8
    /// @param byteSize number of bytes, from 1 to 2^31 - 1
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws IllegalArgumentException if the size is outside these limits
    /// @throws IllegalArgumentException if the block is outside the memory that can be leased; in native mode only a
    ///     block at an address that is not positive
    public static void rewrap(UnsafeBuffer buffer, long address, long byteSize) {
        requireUsable();
        int capacity = capacity(byteSize);
        buffer.wrap(inMemory(address, capacity), capacity);
    }

    /// Makes a buffer empty: its capacity is 0, and every use of it throws [IndexOutOfBoundsException] until it is
    /// wrapped again. Call this before the lease ends. Unwrapping twice has no effect. Slices of the buffer are
    /// separate views, and are not changed.
    ///
    /// The buffer keeps its address. A `wrap(0, 0)` would set the address to zero: a thread that uses the buffer at the
    /// same time by mistake would access address zero, which ends the process. With Agrona's bounds checks turned off,
    /// every later use would do so.
    ///
    /// @param buffer any buffer, also an empty one
    public static void unwrap(UnsafeBuffer buffer) {
        buffer.wrap(buffer, 0, 0);
    }

    static int capacity(long byteSize) {
        if (byteSize < 1 || byteSize > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "size does not fit a buffer: byteSize=" + byteSize + ", min=1, max=" + Integer.MAX_VALUE);
        }
        return (int) byteSize;
    }

    private static long inMemory(long address, int byteSize) {
        long byteOffset = address - AddressSpace.BASE;
        if (address <= 0 || byteOffset < 0 || byteOffset > AddressSpace.ALL.byteSize() - byteSize) {
            throw outsideMemory(address, byteSize);
        }
        return address;
    }

    static void requireUsable() {
        if (!IS_USABLE) {
            throw unusable();
        }
    }

    private static IllegalArgumentException outsideMemory(long address, int byteSize) {
        return new IllegalArgumentException(format(
                "block is outside the memory: address=0x%x, byteSize=%d, min=0x%x, max=0x%x",
                address, byteSize, Math.max(AddressSpace.BASE, 1), AddressSpace.BASE + AddressSpace.ALL.byteSize()));
    }

    private static IllegalStateException unusable() {
        Module agrona = UnsafeBuffer.class.getModule();
        return new IllegalStateException("agrona cannot access Unsafe of the JDK, add --add-exports java.base/"
                + NEEDED_PACKAGE + "=" + (agrona.isNamed() ? agrona.getName() : "ALL-UNNAMED"));
    }
}
