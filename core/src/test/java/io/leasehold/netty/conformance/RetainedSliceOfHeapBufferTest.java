package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.RetainedSlicedByteBufTest;

/// A slice of a heap buffer with a reference of its own.
class RetainedSliceOfHeapBufferTest extends RetainedSlicedByteBufTest {

    @Override
    protected ByteBuf newSlice(ByteBuf buffer, int offset, int length) {
        ByteBuf ours = Ours.ALLOCATOR.heapBuffer(buffer.capacity());
        buffer.release();
        return super.newSlice(ours, offset, length);
    }
}
