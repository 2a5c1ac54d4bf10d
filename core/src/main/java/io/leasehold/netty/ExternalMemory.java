package io.leasehold.netty;

import io.leasehold.lease.Releaser;
import io.leasehold.slab.SlabHeap;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Memory that is no block of an allocator, a page of a ring for instance, lent as a [LeasedByteBuf] of its own.
///
/// ```text
///   landlord --- handle ---> lend, share ---> LeasedByteBuf ---> holders, any thread
///       ^                                          |
///       +---- handle ----- comes home <--- the last release, or growth beyond the memory: then the bytes move to
///                                         a block of the allocator, and the buffer with them
/// ```
///
/// The buffer is made once and lent in each life of the memory, so lending allocates nothing. A buffer that a leak
/// detector watches is forgotten until it comes home; should it be lost, the next life gets a new one.
///
/// **Ownership.** The handle is handed over when it is lent, and goes back to the landlord exactly once: at the last
/// release.
///
/// **Threads.** Lent by one thread at a time, which has a handle; the buffer comes home on any. The landlord's
/// hand-over of a released handle orders the two.
public final class ExternalMemory {

    /// Memory is let in pages of 4 KiB or more.
    private static final int PAGE_SHIFT = 12;

    private final LeasedByteBufAllocator allocator; // (C)
    private final SlabHeap<CountedByteBuf> heap; // (C) where the buffer goes when it grows
    private final Releaser landlord; // (C)
    private final long address; // (C)
    private final int byteSize; // (C)
    private @Nullable CountedByteBuf known; // (O) whoever has the handle; none while a detector watches it
    private @Nullable CountedByteBuf shared; // (O) who shares: the buffer
    private @Nullable ByteBuf lent; // (O) who shares: what was given out for it

    private ExternalMemory(LeasedByteBufAllocator allocator, Releaser landlord, long address, int byteSize) {
        this.allocator = allocator;
        this.heap = allocator.heaps().direct;
        this.landlord = landlord;
        this.address = address;
        this.byteSize = byteSize;
        this.known = newBuffer();
    }

    /// {@return a external of memory that stays where it is as long as it is used}
    ///
    /// @param allocator where the buffer goes when it grows, and what it says it is of
    /// @param landlord takes the handles back
    /// @param address of the first byte, which [io.leasehold.memory.OffHeap] reaches
    /// @param byteSize how much it is in bytes, at least 1
    /// @throws IllegalArgumentException if there is none
    /// @throws IllegalStateException if the allocator is closed
    public static ExternalMemory of(LeasedByteBufAllocator allocator, Releaser landlord, long address, int byteSize) {
        if (byteSize <= 0) {
            throw new IllegalArgumentException("nothing to let: byteSize=" + byteSize);
        }
        return new ExternalMemory(allocator, landlord, address, byteSize);
    }

    /// Lends the memory: one reference, empty.
    ///
    /// @param handle what the landlord gets back; if this fails it is still the caller's
    /// @param capacity how long the buffer is at first, in bytes; no longer than the memory
    /// @param maxCapacity how long it may become, beyond the memory too
    /// @return the buffer
    /// @throws IllegalArgumentException unless `0 <= capacity <= maxCapacity`, and if the memory is shorter
    public ByteBuf lend(long handle, int capacity, int maxCapacity) {
        if (capacity < 0 || capacity > Math.min(byteSize, maxCapacity)) {
            throw new IllegalArgumentException(
                    "capacity: %d, bounds=0..%d".formatted(capacity, Math.min(byteSize, maxCapacity)));
        }
        CountedByteBuf buf = buffer();
        buf.lendAs(handle, capacity, maxCapacity);
        return LeasedByteBufAllocator.watched(buf);
    }

    /// Lends a part of the memory while somebody still writes behind it: two references, one of which the caller gives
    /// up by [#unshare]. Until then nothing can be written behind the part, and the buffer stays where it is.
    ///
    /// @param handle what the landlord gets back; if this fails it is still the caller's
    /// @param index of the first byte that is readable
    /// @param length how many are, in bytes
    /// @return the buffer
    public ByteBuf share(long handle, int index, int length) {
        CountedByteBuf buf = buffer();
        buf.lendPart(handle, index, length, 2);
        ByteBuf out = LeasedByteBufAllocator.watched(buf);
        shared = buf;
        lent = out;
        return out;
    }

    /// Gives up the reference that [#share] kept; the rest of the memory is the holder's from now on, if there is one.
    ///
    /// @throws IllegalStateException if it was given up before, or never was
    public void unshare() {
        CountedByteBuf buf = shared;
        ByteBuf out = lent;
        if (buf == null || out == null) {
            throw new IllegalStateException("memory is not shared: address=0x%x".formatted(address));
        }
        shared = null;
        lent = null;
        buf.loosen();
        out.release(); // through the wrapper, if there is one: it ends the watch if this reference is the last one
    }

    private CountedByteBuf buffer() {
        CountedByteBuf buf = known;
        if (buf == null) {
            buf = newBuffer();
            known = buf;
        }
        return buf;
    }

    private CountedByteBuf newBuffer() {
        long number = address >>> PAGE_SHIFT; // a detector samples neighbours at different times
        return new LeasedByteBuf(allocator, heap, this, number, address, byteSize);
    }

    /// Forgets the buffer until it comes home.
    void forget() {
        known = null;
    }

    void comeHome(long handle, CountedByteBuf buf) {
        known = buf;
        landlord.release(handle);
    }

    @Override
    public String toString() {
        return "ExternalMemory(0x%x, byteSize=%d, of %s)".formatted(address, byteSize, landlord);
    }
}
