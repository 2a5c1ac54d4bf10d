package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;

/// A heap buffer.
class HeapBufferTest extends RootBufferTest {

    HeapBufferTest() {
        super(ByteOrder.BIG_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.ALLOCATOR.heapBuffer(capacity, maxCapacity);
    }
}
