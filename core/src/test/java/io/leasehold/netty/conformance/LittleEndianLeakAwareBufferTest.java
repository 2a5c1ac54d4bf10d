package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.ByteOrder;

/// A recorded direct buffer in the other byte order.
class LittleEndianLeakAwareBufferTest extends RootBufferTest {

    LittleEndianLeakAwareBufferTest() {
        super(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.sampled(Level.PARANOID, () -> Ours.ALLOCATOR.directBuffer(capacity, maxCapacity));
    }
}
