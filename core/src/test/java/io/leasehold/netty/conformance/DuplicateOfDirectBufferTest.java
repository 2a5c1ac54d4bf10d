package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DuplicatedByteBufTest;

/// A duplicate of a direct buffer.
class DuplicateOfDirectBufferTest extends DuplicatedByteBufTest {

    @Override
    protected ByteBuf newBuffer(int length, int maxCapacity) {
        ByteBuf ours = Ours.ALLOCATOR.directBuffer(length, maxCapacity);
        return ours.duplicate();
    }
}
