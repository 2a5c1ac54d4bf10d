package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DuplicatedByteBufTest;

/// A duplicate of a heap buffer with a reference of its own.
class RetainedDuplicateOfHeapBufferTest extends DuplicatedByteBufTest {

    @Override
    protected ByteBuf newBuffer(int length, int maxCapacity) {
        ByteBuf ours = Ours.ALLOCATOR.heapBuffer(length, maxCapacity);
        ByteBuf duplicate = ours.retainedDuplicate();
        ours.release();
        return duplicate;
    }
}
