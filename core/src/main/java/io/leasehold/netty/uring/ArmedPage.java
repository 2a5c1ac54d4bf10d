package io.leasehold.netty.uring;

import io.leasehold.jumbo.JumboPool;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.StackReserve;
import io.leasehold.netty.ExternalMemory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import org.jspecify.annotations.Nullable;

/// The buffer object of a page in Netty's ring of buffers. Only Netty's ring uses it, and asks it for slices.
///
/// ```text
///   arm ---> retainedSlice, once ---------------> release     the page's own buffer has the page
///        +-> retainedSlice, again and again ----> release     the last of the slices frees the page
///        +-> none, or copies only --------------> release     the page is free
/// ```
///
/// **Ownership.** Made once for each page, and used again each time that the page is armed. Netty's ring releases it
/// once each time.
///
/// **Threads.** Used by the event loop of the ring that the page is in. A page is in at most one ring at a time.
final class ArmedPage extends UnpooledDirectByteBuf {

    private final LeasedBufferRing owner; // (C)
    private final JumboPool<ArmedPage> ring; // (C)
    private final ExternalMemory external; // (C)
    private final long address; // (C)
    private long handle = JumboPool.NONE; // (O) the event loop
    private boolean shared; // (O) the event loop; the page's buffer is in use as the only slice
    private @Nullable ByteBuf whole; // (O) the event loop; the buffer that slices are taken from

    ArmedPage(LeasedBufferRing owner, JumboPool<ArmedPage> ring, long address, int byteSize) {
        super(owner.allocator(), OffHeap.segment(address, byteSize).asByteBuffer(), byteSize);
        this.owner = owner;
        this.ring = ring;
        this.address = address;
        this.external = ExternalMemory.of(owner.allocator(), ring, address, byteSize);
    }

    /// Starts the use of the page in a ring.
    void arm(long newHandle) {
        handle = newHandle;
        clear();
    }

    /// {@return an empty buffer over the page, with a reference count of 1}
    ByteBuf buffer(long bufferHandle) {
        return external.wrap(bufferHandle, capacity(), Integer.MAX_VALUE);
    }

    /// {@return the bytes of a read, which the caller releases: a copy, the page's own buffer, or a slice of it}
    @Override
    public ByteBuf retainedSlice(int index, int length) {
        checkIndex(index, length);
        ByteBuf copy = owner.tryCopySmall(address + index, length);
        if (copy != null) {
            return copy;
        }
        if (shared) {
            owner.noteIncremental();
            return owner.copy(address + index, length);
        }
        if (whole == null && (!owner.isIncremental() || index + length == capacity())) {
            ByteBuf read = external.wrapShared(handle, index, length);
            shared = true; // after the call: if that fails, the page is still free at the release
            return read;
        }
        return nextSlice(index, length);
    }

    private ByteBuf nextSlice(int index, int length) {
        ByteBuf of = whole;
        if (of == null) {
            of = buffer(handle);
            whole = of;
        }
        owner.noteSlice();
        return of.retainedSlice(index, length);
    }

    /// Ends the use of the page in a ring: the kernel writes no more.
    @Override
    public boolean release() {
        StackReserve.ensure(LeasedBufferRing.LAYERS);
        long ended = handle;
        ring.receive(ended); // first: if it fails, nothing has changed
        ByteBuf of = whole;
        boolean wasShared = shared;
        handle = JumboPool.NONE; // all fields before the free: the page may then be in another ring at once
        whole = null;
        shared = false;
        if (wasShared) {
            external.endSharing();
        } else if (of != null) {
            of.release();
        } else {
            ring.free(ended);
        }
        return true;
    }

    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public long memoryAddress() {
        return address;
    }
}
