package interop;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.PooledByteBufAllocator;

/// Netty's own allocators, behind which the agent put ours. Without the agent they are Netty's.
final class OursByAgent implements Ours {

    @Override
    public ByteBufAllocator option() {
        return null;
    }

    @Override
    public long pinnedBytes() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() + PooledByteBufAllocator.DEFAULT.pinnedHeapMemory();
    }

    @Override
    public long heldBytes() {
        return ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                .metric()
                .usedDirectMemory();
    }

    @Override
    public void close() {}
}
