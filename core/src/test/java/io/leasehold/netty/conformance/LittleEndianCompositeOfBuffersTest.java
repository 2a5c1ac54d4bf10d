package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.LittleEndianCompositeByteBufTest;
import java.nio.ByteOrder;

/// A composite of direct and heap buffers in the other byte order.
class LittleEndianCompositeOfBuffersTest extends LittleEndianCompositeByteBufTest {

    @Override
    protected ByteBuf newBuffer(int length, int maxCapacity) {
        return Composites.of(length, maxCapacity, ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    protected CompositeByteBuf newCompositeBuffer() {
        return Ours.ALLOCATOR.compositeBuffer();
    }
}
