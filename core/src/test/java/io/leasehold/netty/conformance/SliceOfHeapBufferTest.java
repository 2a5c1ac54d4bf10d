package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.SlicedByteBufTest;

/// A slice of a heap buffer.
class SliceOfHeapBufferTest extends SlicedByteBufTest {

    @Override
    protected ByteBuf newSlice(ByteBuf buffer, int offset, int length) {
        ByteBuf ours = Ours.ALLOCATOR.heapBuffer(buffer.capacity());
        buffer.release();
        return super.newSlice(ours, offset, length);
    }
}
