package io.leasehold.netty.conformance;

import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.netty.ExternalMemory;
import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;

/// A direct buffer over a page of a pool. Longer buffers have moved to a block.
class PageBufferTest extends RootBufferTest {

    private static final JumboPool<ExternalMemory> RING = JumboPool.open(
            Ours.ALLOCATOR.arena(),
            JumboOptions.builder().name("conformance").build(),
            (ring, page, address, byteSize) -> ExternalMemory.of(Ours.ALLOCATOR, ring, address, byteSize));

    PageBufferTest() {
        super(ByteOrder.BIG_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        long handle = RING.allocate();
        int inPage = Math.min(capacity, RING.pageByteSize());
        return RING.object(handle).wrap(handle, inPage, maxCapacity).capacity(capacity);
    }
}
