package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;

/// A direct buffer in the other byte order.
class LittleEndianDirectBufferTest extends RootBufferTest {

    LittleEndianDirectBufferTest() {
        super(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.ALLOCATOR.directBuffer(capacity, maxCapacity);
    }
}
