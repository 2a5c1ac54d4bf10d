package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.DuplicatedByteBufTest;

/// A duplicate of a direct buffer with a reference of its own.
class RetainedDuplicateOfDirectBufferTest extends DuplicatedByteBufTest {

    @Override
    protected ByteBuf newBuffer(int length, int maxCapacity) {
        ByteBuf ours = Ours.ALLOCATOR.directBuffer(length, maxCapacity);
        ByteBuf duplicate = ours.retainedDuplicate();
        ours.release();
        return duplicate;
    }
}
