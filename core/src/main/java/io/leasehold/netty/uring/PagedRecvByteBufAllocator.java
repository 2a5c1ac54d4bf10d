package io.leasehold.netty.uring;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/// Reads into pages of a ring if Netty's own estimate of the next read is half a page or more. Other reads use the
/// channel's buffers, and so do all reads while there is no page.
///
/// **Threads.** Thread-safe. Each handle is used by the event loop of its channel.
final class PagedRecvByteBufAllocator implements RecvByteBufAllocator {

    private final LeasedBufferRing ring; // (C)
    private final RecvByteBufAllocator estimate = new AdaptiveRecvByteBufAllocator(); // (C)

    PagedRecvByteBufAllocator(LeasedBufferRing ring) {
        this.ring = ring;
    }

    @Override
    @SuppressWarnings("deprecation") // Netty deprecates implementing it, not calling it, and offers nothing else
    public Handle newHandle() {
        return new PageHandle((ExtendedHandle) estimate.newHandle());
    }

    private final class PageHandle implements ExtendedHandle {

        private final ExtendedHandle estimates; // (C)

        PageHandle(ExtendedHandle estimates) {
            this.estimates = estimates;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator channels) {
            int guess = estimates.guess();
            ByteBuf page = guess >= ring.pageByteSize() / 2 ? ring.tryAllocateBuffer() : null;
            return page == null ? channels.ioBuffer(guess) : page;
        }

        @Override
        public int guess() {
            return estimates.guess();
        }

        @Override
        public void reset(ChannelConfig config) {
            estimates.reset(config);
        }

        @Override
        public void incMessagesRead(int count) {
            estimates.incMessagesRead(count);
        }

        @Override
        public void lastBytesRead(int bytes) {
            if (bytes > 0) {
                ring.lastBytesRead(attemptedBytesRead(), bytes);
            }
            estimates.lastBytesRead(bytes);
        }

        @Override
        public int lastBytesRead() {
            return estimates.lastBytesRead();
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            estimates.attemptedBytesRead(bytes);
        }

        @Override
        public int attemptedBytesRead() {
            return estimates.attemptedBytesRead();
        }

        @Override
        public boolean continueReading() {
            return estimates.continueReading();
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
            return estimates.continueReading(maybeMore);
        }

        @Override
        public void readComplete() {
            estimates.readComplete();
        }
    }

    @Override
    public String toString() {
        return "PagedRecvByteBufAllocator(" + ring + ")";
    }
}
