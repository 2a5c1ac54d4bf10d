package io.leasehold.netty.uring;

import io.leasehold.jumbo.JumboPool;
import io.leasehold.memory.OffHeap;
import io.leasehold.netty.ExternalMemory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledDirectByteBuf;
import org.jspecify.annotations.Nullable;

/// A page as it lies in Netty's ring of buffers: nobody but Netty's ring sees it, and asks it for slices.
///
/// ```text
///   arm ---> retainedSlice, once ---------------> release     the page's own buffer has the page
///        +-> retainedSlice, again and again ----> release     the last of the slices frees the page
///        +-> none, or copies only --------------> release     the page is free
/// ```
///
/// **Ownership.** Made with its page and good for all its lives. Netty's ring releases it once in each.
///
/// **Threads.** Used by the event loop whose ring it lies in; no two of its lives overlap.
final class ArmedPage extends UnpooledDirectByteBuf {

    private final LeasedBufferRing owner; // (C)
    private final JumboPool<ArmedPage> ring; // (C)
    private final ExternalMemory external; // (C)
    private final long address; // (C)
    private long handle = JumboPool.NONE; // (O) the event loop
    private boolean shared; // (O) the event loop; the page's buffer is out as the only slice
    private @Nullable ByteBuf whole; // (O) the event loop; what slices are of

    ArmedPage(LeasedBufferRing owner, JumboPool<ArmedPage> ring, long address, int byteSize) {
        super(owner.allocator(), OffHeap.segment(address, byteSize).asByteBuffer(), byteSize);
        this.owner = owner;
        this.ring = ring;
        this.address = address;
        this.external = ExternalMemory.of(owner.allocator(), ring, address, byteSize);
    }

    /// Begins a life in a ring.
    void arm(long newHandle) {
        handle = newHandle;
        clear();
    }

    /// {@return the page's buffer, as it is lent to a reader other than io_uring}
    ByteBuf lend(long lentHandle) {
        return external.lend(lentHandle, capacity(), Integer.MAX_VALUE);
    }

    /// {@return what was read, for whoever is to release it}
    @Override
    public ByteBuf retainedSlice(int index, int length) {
        ByteBuf copy = owner.tryCopySmall(address + index, length);
        if (copy != null) {
            return copy;
        }
        if (shared) {
            owner.noteIncremental();
            return owner.copy(address + index, length);
        }
        if (whole == null && (!owner.isIncremental() || index + length == capacity())) {
            shared = true;
            return external.share(handle, index, length);
        }
        return nextSlice(index, length);
    }

    private ByteBuf nextSlice(int index, int length) {
        ByteBuf of = whole;
        if (of == null) {
            of = lend(handle);
            whole = of;
        }
        owner.noteSlice();
        return of.retainedSlice(index, length);
    }

    /// Ends a life in a ring: the kernel writes no more.
    @Override
    public boolean release() {
        long ended = handle;
        ByteBuf of = whole;
        boolean wasShared = shared;
        handle = JumboPool.NONE; // all of it at first: the page may be in the next ring as soon as it is free
        whole = null;
        shared = false;
        ring.receive(ended);
        if (wasShared) {
            external.unshare();
        } else if (of != null) {
            of.release();
        } else {
            ring.release(ended);
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
