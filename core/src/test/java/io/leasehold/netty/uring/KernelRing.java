package io.leasehold.netty.uring;

import io.leasehold.memory.OffHeap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.uring.IoUringBufferRingAllocator;
import java.util.ArrayDeque;
import java.util.Deque;

/// What Netty's io_uring and the kernel do with a ring of buffers, without either of them: buffers are filled in turn,
/// and Netty takes slices of them in the order that it does.
///
/// **Threads.** As an event loop: one.
final class KernelRing implements AutoCloseable {

    private final IoUringBufferRingAllocator allocator; // (C)
    private final boolean incremental; // (C)
    private final Deque<ByteBuf> armed = new ArrayDeque<>();

    KernelRing(IoUringBufferRingAllocator allocator, int depth, boolean incremental) {
        this.allocator = allocator;
        this.incremental = incremental;
        allocator.allocateBatch(armed::add, depth);
    }

    /// Reads `length` bytes, of which each has the value of its index in the read plus `seed`.
    ///
    /// @return what a pipeline would be given
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

    /// {@return how many more bytes the next buffer takes}
    int writableBytes() {
        return armed.element().writableBytes();
    }

    /// {@return the buffer that is filled next}
    ByteBuf next() {
        return armed.element();
    }

    /// {@return whether a read has what was written for it}
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
