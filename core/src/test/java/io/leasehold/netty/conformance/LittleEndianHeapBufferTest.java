package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;

/// A heap buffer in the other byte order.
class LittleEndianHeapBufferTest extends RootBufferTest {

    LittleEndianHeapBufferTest() {
        super(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.ALLOCATOR.heapBuffer(capacity, maxCapacity);
    }
}
