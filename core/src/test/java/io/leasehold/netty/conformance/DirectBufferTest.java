package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;

/// A direct buffer.
class DirectBufferTest extends RootBufferTest {

    DirectBufferTest() {
        super(ByteOrder.BIG_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.ALLOCATOR.directBuffer(capacity, maxCapacity);
    }
}
