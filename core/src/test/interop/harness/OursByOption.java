package interop;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;

/// An allocator that the program hands to the server.
final class OursByOption implements Ours {

    private final LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
            .name("interop")
            .byteLimit(256L << 20)
            .build();

    @Override
    public ByteBufAllocator option() {
        return allocator;
    }

    @Override
    public long pinnedBytes() {
        return allocator.metric().pinnedBytes();
    }

    @Override
    public long heldBytes() {
        return allocator.metric().committedBytes();
    }

    @Override
    public void close() {
        allocator.close();
    }
}
