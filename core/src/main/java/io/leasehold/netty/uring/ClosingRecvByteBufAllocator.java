package io.leasehold.netty.uring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import java.util.Objects;

/// Closes a channel of io_uring that cannot be read because there is no memory. Other channels continue.
///
/// Netty's io_uring (4.2.18) allocates the buffer of a read outside of the code that handles exceptions. An
/// `OutOfMemoryError` of any allocator ends the thread of the event loop, with all of its channels. NIO and epoll close
/// only the one channel, so their streams need no such class. A server on io_uring sets
/// `childOption(ChannelOption.RECVBUF_ALLOCATOR, new ClosingRecvByteBufAllocator(reads))`. It does so even if its
/// channels read into a [LeasedBufferRing], because Netty falls back to such reads when the ring is empty.
///
/// A read without memory uses an empty buffer, and its result is reported as the end of the stream. The pipeline gets
/// no exception. The allocator logs the rejected request.
///
/// **Datagrams.** Netty's epoll does not close a datagram channel without memory. It reads again at once and without
/// end, because the datagram is still there. With this class the datagram is dropped, and the pipeline gets an empty
/// one.
///
/// **Threads.** Thread-safe. Each handle is used by the event loop of its channel.
public final class ClosingRecvByteBufAllocator implements RecvByteBufAllocator {

    private final RecvByteBufAllocator reads; // (C)

    /// Wraps an allocator.
    ///
    /// @param reads chooses the size of buffers, as Netty's `AdaptiveRecvByteBufAllocator` does. Its handles must be
    ///     extended handles, as all of Netty's are
    /// @throws IllegalArgumentException if its handles are no extended handles; otherwise an event loop would end when
    ///     it makes its first handle
    @SuppressWarnings("deprecation") // Netty deprecates implementing it, not calling it, and offers nothing else
    public ClosingRecvByteBufAllocator(RecvByteBufAllocator reads) {
        Handle handle = Objects.requireNonNull(reads, "reads is null").newHandle();
        if (!(handle instanceof ExtendedHandle)) {
            throw new IllegalArgumentException("handles are no extended handles: reads=" + reads + ", handle="
                    + handle.getClass().getName());
        }
        this.reads = reads;
    }

    @Override
    @SuppressWarnings("deprecation") // Netty deprecates implementing it, not calling it, and offers nothing else
    public Handle newHandle() {
        return new ClosingHandle((ExtendedHandle) reads.newHandle());
    }

    private static final class ClosingHandle extends DelegatingHandle implements ExtendedHandle {

        private final ExtendedHandle handle; // (C)
        private boolean isRefused; // (O) the event loop

        ClosingHandle(ExtendedHandle handle) {
            super(handle);
            this.handle = handle;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator channels) {
            try {
                return handle.allocate(channels);
            } catch (OutOfMemoryError e) {
                isRefused = true;
                return Unpooled.EMPTY_BUFFER;
            }
        }

        @Override
        public void lastBytesRead(int bytes) {
            handle.lastBytesRead(isRefused ? -1 : bytes);
        }

        @Override
        public boolean continueReading() {
            return !isRefused && handle.continueReading();
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
            return !isRefused && handle.continueReading(maybeMore);
        }
    }

    @Override
    public String toString() {
        return "ClosingRecvByteBufAllocator(" + reads + ")";
    }
}
