package io.leasehold.netty.conformance;

import io.netty.buffer.BigEndianCompositeByteBufTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import java.nio.ByteOrder;

/// A composite of direct and heap buffers.
class CompositeOfBuffersTest extends BigEndianCompositeByteBufTest {

    @Override
    protected ByteBuf newBuffer(int length, int maxCapacity) {
        return Composites.of(length, maxCapacity, ByteOrder.BIG_ENDIAN);
    }

    @Override
    protected CompositeByteBuf newCompositeBuffer() {
        return Ours.ALLOCATOR.compositeBuffer();
    }
}
