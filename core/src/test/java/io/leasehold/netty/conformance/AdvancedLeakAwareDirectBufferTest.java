package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.ByteOrder;

/// A direct buffer whose every access the leak detector records.
class AdvancedLeakAwareDirectBufferTest extends RootBufferTest {

    AdvancedLeakAwareDirectBufferTest() {
        super(ByteOrder.BIG_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.sampled(Level.PARANOID, () -> Ours.ALLOCATOR.directBuffer(capacity, maxCapacity));
    }
}
