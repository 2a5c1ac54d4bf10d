package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.ByteOrder;

/// A direct buffer that the leak detector samples.
class SimpleLeakAwareDirectBufferTest extends RootBufferTest {

    SimpleLeakAwareDirectBufferTest() {
        super(ByteOrder.BIG_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.sampled(Level.SIMPLE, () -> Ours.ALLOCATOR.directBuffer(capacity, maxCapacity));
    }
}
