package io.leasehold.netty.conformance;

import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboRing;
import io.leasehold.netty.Sublease;
import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;

/// A direct buffer over a page of a ring; longer ones have moved to a block.
class PageBufferTest extends RootBufferTest {

    private static final JumboRing<Sublease> RING = JumboRing.open(
            Ours.ALLOCATOR.arena(),
            JumboOptions.defaults().withName("conformance"),
            (ring, page, address, byteSize) -> Sublease.of(Ours.ALLOCATOR, ring, address, byteSize));

    PageBufferTest() {
        super(ByteOrder.BIG_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        long token = RING.allocate();
        int inPage = Math.min(capacity, RING.pageByteSize());
        return RING.object(token).lend(token, inPage, maxCapacity).capacity(capacity);
    }
}
