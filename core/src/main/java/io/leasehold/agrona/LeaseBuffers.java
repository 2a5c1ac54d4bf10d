package io.leasehold.agrona;

import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.os.AddressSpace;
import io.leasehold.page.PageStateException;
import org.agrona.concurrent.UnsafeBuffer;

/// Views of leased memory as Agrona's buffers, without a copy.
///
/// ```text
///   lease --- wrap, rewrap ---> UnsafeBuffer: address, capacity ----> Agrona's own loads, stores and atomics
///     |                              |
///   close <------ first ------- unwrap: capacity 0, every use throws
/// ```
///
/// An [UnsafeBuffer] is a [DirectBuffer][org.agrona.DirectBuffer], a
/// [MutableDirectBuffer][org.agrona.MutableDirectBuffer] and an [AtomicBuffer][org.agrona.concurrent.AtomicBuffer].
/// One of a whole lease is aligned for every atomic operation, as a lease begins at a page.
///
/// {@snippet class="io.leasehold.snippets.LeaseBuffersExample" region="example"}
///
/// **Ownership.** A view owns nothing and keeps nothing alive: it is good as long as the lease is, and of the size
/// that the lease had when it was made. The lease is checked then, and never again. What a view does that outlived
/// its lease is in the comment of this package.
///
/// **Threads.** These methods are thread-safe. A view is for one thread to wrap, rewrap and unwrap, while no other
/// uses it, since its address and its capacity are plain fields; what is in the memory may be shared. It knows
/// nothing of the thread that a lease is confined to.
///
/// **Errors.** Where java was started without the option that Agrona needs, every method but [#unwrap] throws an
/// [IllegalStateException] that names it.
public final class LeaseBuffers {

    private static final String NEEDED_PACKAGE = "jdk.internal.misc";

    /// What Agrona does without the package is an error deep inside, and another one the second time.
    private static final boolean IS_USABLE =
            Object.class.getModule().isExported(NEEDED_PACKAGE, UnsafeBuffer.class.getModule());

    private LeaseBuffers() {}

    /// {@return a new view of all that was leased}
    ///
    /// @param lease an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static UnsafeBuffer wrap(Lease lease) {
        requireUsable();
        return new UnsafeBuffer(lease.address(), capacity(lease.byteSize()));
    }

    /// {@return a new view of all that was leased}
    ///
    /// @param pool which lends it
    /// @param lease the handle of an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended, is another thread's or another pool's
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static UnsafeBuffer wrap(LeasePool pool, long lease) {
        requireUsable();
        return new UnsafeBuffer(pool.address(lease), capacity(pool.byteSize(lease)));
    }

    /// {@return a new view of a block, which may be a part of what was leased; the caller vouches that it is}
    ///
    /// @param address of its first byte, at any alignment, though atomic operations need a multiple of 8
    /// @param byteSize how many bytes, from 1 to 2^31 - 1
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws IllegalArgumentException if the size is not as said
    /// @throws IllegalArgumentException if the block is outside the memory that can be leased, which is found out in
    ///     portable mode; in native mode every positive address can be
    public static UnsafeBuffer wrap(long address, long byteSize) {
        requireUsable();
        int capacity = capacity(byteSize);
        return new UnsafeBuffer(inMemory(address, capacity), capacity);
    }

    /// Makes a buffer a view of all that was leased, without garbage; if that is refused it stays what it was.
    ///
    /// @param buffer a view of anything, or of nothing
    /// @param lease an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended or is another thread's
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static void rewrap(UnsafeBuffer buffer, Lease lease) {
        requireUsable();
        buffer.wrap(lease.address(), capacity(lease.byteSize()));
    }

    /// Makes a buffer a view of all that was leased, without garbage; if that is refused it stays what it was.
    ///
    /// @param buffer a view of anything, or of nothing
    /// @param pool which lends it
    /// @param lease the handle of an open lease
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws LeaseStateException if the lease has ended, is another thread's or another pool's
    /// @throws PageStateException if the page was freed under the lease
    /// @throws IllegalArgumentException if the lease is longer than a buffer can be, 2 GiB less a byte
    public static void rewrap(UnsafeBuffer buffer, LeasePool pool, long lease) {
        requireUsable();
        buffer.wrap(pool.address(lease), capacity(pool.byteSize(lease)));
    }

    /// Makes a buffer a view of a block, without garbage; if that is refused it stays what it was.
    ///
    /// @param buffer a view of anything, or of nothing
    /// @param address of its first byte, at any alignment, though atomic operations need a multiple of 8
    /// @param byteSize how many bytes, from 1 to 2^31 - 1
    /// @throws IllegalStateException if java was started without the option that Agrona needs
    /// @throws IllegalArgumentException if the size is not as said
    /// @throws IllegalArgumentException if the block is outside the memory that can be leased, which is found out in
    ///     portable mode; in native mode every positive address can be
    public static void rewrap(UnsafeBuffer buffer, long address, long byteSize) {
        requireUsable();
        int capacity = capacity(byteSize);
        buffer.wrap(inMemory(address, capacity), capacity);
    }

    /// Makes a buffer a view of nothing: its capacity is 0 and every use of it throws [IndexOutOfBoundsException],
    /// until it is wrapped again. To be called before the lease ends; a second time has no effect. Slices that were
    /// made of it are views of their own, and know nothing of this.
    ///
    /// It keeps its address. With `wrap(0, 0)` a thread that races with this by mistake, or any after it where
    /// Agrona's checks of bounds are switched off, would touch address zero, which ends the process.
    ///
    /// @param buffer a view of anything, or of nothing
    public static void unwrap(UnsafeBuffer buffer) {
        buffer.wrap(buffer, 0, 0);
    }

    static int capacity(long byteSize) {
        if (byteSize < 1 || byteSize > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "size is not one of a buffer: byteSize=" + byteSize + ", bounds=1.." + Integer.MAX_VALUE);
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
        return new IllegalArgumentException("block is outside the memory: address=0x%x, byteSize=%d, bounds=0x%x..0x%x"
                .formatted(
                        address,
                        byteSize,
                        Math.max(AddressSpace.BASE, 1),
                        AddressSpace.BASE + AddressSpace.ALL.byteSize()));
    }

    private static IllegalStateException unusable() {
        Module agrona = UnsafeBuffer.class.getModule();
        return new IllegalStateException(
                "agrona cannot reach the memory access of the JDK, add --add-exports java.base/" + NEEDED_PACKAGE + "="
                        + (agrona.isNamed() ? agrona.getName() : "ALL-UNNAMED"));
    }
}
