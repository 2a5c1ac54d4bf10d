package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.RetainedSlicedByteBufTest;

/// A slice of a direct buffer with a reference of its own.
class RetainedSliceOfDirectBufferTest extends RetainedSlicedByteBufTest {

    @Override
    protected ByteBuf newSlice(ByteBuf buffer, int offset, int length) {
        ByteBuf ours = Ours.ALLOCATOR.directBuffer(buffer.capacity());
        buffer.release();
        return super.newSlice(ours, offset, length);
    }
}
