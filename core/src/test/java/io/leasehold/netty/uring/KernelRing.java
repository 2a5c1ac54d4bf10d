package io.leasehold.netty.uring;

import io.leasehold.memory.OffHeap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.uring.IoUringBufferRingAllocator;
import java.util.ArrayDeque;
import java.util.Deque;

/// Simulates what Netty's io_uring and the kernel do with a ring of buffers. Buffers are filled in turn, and slices are
/// taken in the same order as Netty does.
///
/// **Threads.** Used by one thread, like an event loop.
final class KernelRing implements AutoCloseable {

    private final IoUringBufferRingAllocator allocator; // (C)
    private final boolean incremental; // (C)
    private final Deque<ByteBuf> armed = new ArrayDeque<>();

    KernelRing(IoUringBufferRingAllocator allocator, int depth, boolean incremental) {
        this.allocator = allocator;
        this.incremental = incremental;
        allocator.allocateBatch(armed::add, depth);
    }

    /// Reads `length` bytes. The value of each byte is its index in the read plus `seed`.
    ///
    /// @return the buffer that a pipeline would get
    ByteBuf read(int length, int seed) {
        ByteBuf buf = armed.element();
        int from = buf.writerIndex();
        if (buf.hasMemoryAddress() && OffHeap.reaches(buf.memoryAddress(), buf.capacity())) {
            for (int i = 0; i < length; i++) {
                OffHeap.putByte(buf.memoryAddress() + from + i, (byte) (seed + i));
            }
        } else {
            for (int i = 0; i < length; i++) {
                buf.setByte(from + i, seed + i);
            }
        }
        allocator.lastBytesRead(buf.writableBytes(), length);
        ByteBuf slice = buf.retainedSlice(from, length);
        buf.writerIndex(from + length);
        if (!incremental || !buf.isWritable()) {
            armed.remove();
            buf.release();
            armed.add(allocator.allocate());
        }
        return slice;
    }

    /// {@return the number of bytes that the next buffer still takes}
    int writableBytes() {
        return armed.element().writableBytes();
    }

    /// {@return the buffer that is filled next}
    ByteBuf next() {
        return armed.element();
    }

    /// {@return true if a read contains the bytes that were written for it}
    static boolean isRead(ByteBuf read, int length, int seed) {
        if (read.readableBytes() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (read.getByte(read.readerIndex() + i) != (byte) (seed + i)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        armed.forEach(ByteBuf::release);
        armed.clear();
    }
}
