package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DuplicatedByteBufTest;

/// A duplicate of a heap buffer.
class DuplicateOfHeapBufferTest extends DuplicatedByteBufTest {

    @Override
    protected ByteBuf newBuffer(int length, int maxCapacity) {
        ByteBuf ours = Ours.ALLOCATOR.heapBuffer(length, maxCapacity);
        return ours.duplicate();
    }
}
