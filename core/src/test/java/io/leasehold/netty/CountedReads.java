package io.leasehold.netty;

import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import java.util.concurrent.atomic.AtomicInteger;

/// An allocator for reads with buffers of a fixed length, which counts the requests for a buffer.
///
/// **Threads.** Thread-safe.
final class CountedReads extends DefaultMaxMessagesRecvByteBufAllocator {

    private final AtomicInteger attempts = new AtomicInteger(); // (A)
    private final int byteSize;
    private final boolean failing;

    /// @param failing true if reads fail before an allocator is asked, for another reason than missing memory
    CountedReads(int byteSize, boolean failing) {
        this.byteSize = byteSize;
        this.failing = failing;
    }

    int attempts() {
        return attempts.get();
    }

    void awaitAttempts(int count) {
        Eventually.holds(count + " attempts to read", () -> attempts.get() >= count);
    }

    @Override
    public MaxMessageHandle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                attempts.incrementAndGet();
                if (failing) {
                    throw new IllegalStateException("no buffer, for no good reason");
                }
                return super.allocate(allocator);
            }

            @Override
            public int guess() {
                return byteSize;
            }
        };
    }
}
