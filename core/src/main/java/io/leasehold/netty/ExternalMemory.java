package io.leasehold.netty;

import static io.leasehold.text.Texts.format;

import io.leasehold.lease.MemoryOwner;
import io.leasehold.memory.OptionChecks;
import io.leasehold.slab.SlabHeap;
import io.netty.buffer.ByteBuf;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Memory of another owner as a [LeasedByteBuf]: for example a page of a pool, or a window on a file.
///
/// ```text
///   owner --- handle ---> wrap, wrapShared ---> LeasedByteBuf ---> holders, any thread
///     ^                                             |
///     +---- handle ------ returnToOwner <----- the last release, or growth beyond the memory: then the bytes are
///                                              copied to a block of the allocator, and the buffer object moves there
/// ```
///
/// The buffer object is made once and reused each time that the memory is wrapped, so wrapping allocates nothing on the
/// Java heap. A buffer that a leak detector watches is unbound until it is released. If the buffer is lost, the next
/// wrap makes a new object.
///
/// **Ownership.** Wrapping hands the handle over. The handle goes back to the owner exactly once, at the last release
/// or when the buffer moves.
///
/// **Threads.** One thread at a time wraps the memory: the thread that has the handle. Any thread may make the last
/// release. The owner's hand-over of a released handle orders the release before the next wrap.
public final class ExternalMemory {

    /// Log2 of 4 KiB, the smallest size of pages that are wrapped.
    private static final int PAGE_SHIFT = 12;

    private final LeasedByteBufAllocator allocator; // (C)
    private final SlabHeap<CountedByteBuf> heap; // (C) where a buffer that grows beyond the memory gets a block
    private final MemoryOwner owner; // (C)
    private final long address; // (C)
    private final int byteSize; // (C)
    private @Nullable CountedByteBuf bound; // (O) the thread with the handle; null while a leak detector watches it
    private @Nullable CountedByteBuf sharedBuffer; // (O) the thread that shares
    private @Nullable ByteBuf sharedWrapper; // (O) the thread that shares; the buffer, or its leak-detecting wrapper

    private ExternalMemory(LeasedByteBufAllocator allocator, MemoryOwner owner, long address, int byteSize) {
        this.allocator = allocator;
        this.heap = allocator.heaps().direct;
        this.owner = owner;
        this.address = address;
        this.byteSize = byteSize;
        this.bound = newBuffer();
    }

    /// Creates the wrapper of a piece of memory. The memory must stay at its address as long as it is used.
    ///
    /// @param allocator allocates a block if the buffer grows beyond the memory; returned by [ByteBuf#alloc()]
    /// @param owner receives each handle when its buffer was released
    /// @param address address of the first byte, which [io.leasehold.memory.OffHeap] must reach
    /// @param byteSize length of the memory in bytes, at least 1
    /// @return the wrapper
    /// @throws IllegalArgumentException if `address` or `byteSize` is less than 1
    /// @throws IllegalStateException if the allocator is closed, or an attempt to open it failed within the last second
    public static ExternalMemory of(LeasedByteBufAllocator allocator, MemoryOwner owner, long address, int byteSize) {
        Objects.requireNonNull(owner, "owner is null");
        OptionChecks.atLeast("address", address, 1);
        if (byteSize <= 0) {
            throw new IllegalArgumentException("external memory is empty: byteSize=" + byteSize + ", min=1");
        }
        return new ExternalMemory(allocator, owner, address, byteSize);
    }

    /// Returns an empty buffer over the memory, with a reference count of 1. No other buffer over the memory may be in
    /// use; this is not checked.
    ///
    /// @param handle given to the owner at the last release; if this method throws, the handle stays with the caller
    /// @param capacity initial capacity of the buffer in bytes, at most the length of the memory
    /// @param maxCapacity maximum capacity in bytes, which may be more than the length of the memory
    /// @return the buffer
    /// @throws IllegalArgumentException unless `0 <= capacity <= maxCapacity`, and if `capacity` is more than the
    ///     memory has
    public ByteBuf wrap(long handle, int capacity, int maxCapacity) {
        if (capacity < 0 || capacity > Math.min(byteSize, maxCapacity)) {
            throw new IllegalArgumentException(format(
                    "capacity does not fit the memory: capacity=%d, min=0, max=%d",
                    capacity, Math.min(byteSize, maxCapacity)));
        }
        CountedByteBuf buf = buffer();
        buf.reuseExternal(handle, capacity, maxCapacity);
        return watched(buf);
    }

    /// Returns a buffer over a part of the memory, while another writer (the kernel) may still write behind that part.
    /// The buffer has a reference count of 2: one reference for the holder, and one that [#endSharing] releases. Until
    /// then the buffer cannot be written behind the part and does not move. No other buffer over the memory may be in
    /// use; this is not checked.
    ///
    /// @param handle given to the owner at the last release; if this method throws, the handle stays with the caller
    /// @param index index of the first readable byte
    /// @param length number of readable bytes
    /// @return the buffer
    /// @throws IndexOutOfBoundsException if the part is not within the memory
    public ByteBuf wrapShared(long handle, int index, int length) {
        Objects.checkFromIndexSize(index, length, byteSize);
        CountedByteBuf buf = buffer();
        buf.reusePart(handle, index, length, 2);
        ByteBuf wrapper = watched(buf);
        sharedBuffer = buf;
        sharedWrapper = wrapper;
        return wrapper;
    }

    /// Releases the reference that [#wrapShared] kept. If the buffer has another holder, that holder may now use the
    /// rest of the memory.
    ///
    /// @throws IllegalStateException if the memory is not shared
    public void endSharing() {
        CountedByteBuf buf = sharedBuffer;
        ByteBuf wrapper = sharedWrapper;
        if (buf == null || wrapper == null) {
            throw new IllegalStateException(format("memory is not shared: address=0x%x", address));
        }
        sharedBuffer = null;
        sharedWrapper = null;
        buf.allowGrowth();
        wrapper.release(); // through the wrapper, if any: it stops the detector if this is the last reference
    }

    /// {@return the object to give to the caller} If the leak detector fails, the use of the buffer ends.
    private ByteBuf watched(CountedByteBuf buf) {
        ByteBuf watched = null;
        try {
            watched = LeasedByteBufAllocator.watched(buf);
            return watched;
        } finally {
            if (watched == null) {
                buf.cancelUse();
                bound = buf;
            }
        }
    }

    private CountedByteBuf buffer() {
        CountedByteBuf buf = bound;
        if (buf == null) {
            buf = newBuffer();
            bound = buf;
        }
        return buf;
    }

    private CountedByteBuf newBuffer() {
        long number = address >>> PAGE_SHIFT; // so that neighbours are sampled at different times
        return new LeasedByteBuf(allocator, heap, this, number, address, byteSize);
    }

    /// Drops the reference to the buffer until the buffer is released, so that a leak detector can find it lost.
    void unbind() {
        bound = null;
    }

    /// Gives the handle back to the owner, and binds a buffer object for the next use of the memory.
    void returnToOwner(long handle, CountedByteBuf buf) {
        bound = buf;
        owner.free(handle);
    }

    @Override
    public String toString() {
        return format("ExternalMemory(0x%x, byteSize=%d, of %s)", address, byteSize, owner);
    }
}
