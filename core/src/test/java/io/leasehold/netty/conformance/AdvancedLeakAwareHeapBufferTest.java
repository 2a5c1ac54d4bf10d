package io.leasehold.netty.conformance;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.ByteOrder;

/// A heap buffer whose every access the leak detector records.
class AdvancedLeakAwareHeapBufferTest extends RootBufferTest {

    AdvancedLeakAwareHeapBufferTest() {
        super(ByteOrder.BIG_ENDIAN);
    }

    @Override
    ByteBuf allocate(int capacity, int maxCapacity) {
        return Ours.sampled(Level.PARANOID, () -> Ours.ALLOCATOR.heapBuffer(capacity, maxCapacity));
    }
}
