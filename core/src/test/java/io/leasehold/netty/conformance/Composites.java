package io.leasehold.netty.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import java.nio.ByteOrder;

/// Composites of buffers of this allocator.
///
/// **Threads.** Stateless.
final class Composites {

    private static final int LARGEST_PART = 9;

    private Composites() {}

    /// {@return a composite of parts of 1 to 9 bytes, direct and heap by turns, with empty ones between; all writable}
    ///
    /// The parts do not bound the growth of a composite. So tests that set a bound are skipped, as Netty does for its
    /// own composites.
    @SuppressWarnings("deprecation")
    static ByteBuf of(int length, int maxCapacity, ByteOrder order) {
        assumeTrue(maxCapacity == Integer.MAX_VALUE);
        CompositeByteBuf composite = Ours.ALLOCATOR.compositeHeapBuffer(Integer.MAX_VALUE);
        int left = length;
        for (int i = 0; left > 0; i++) {
            int part = Math.min(left, 1 + i % LARGEST_PART);
            ByteBuf ours = i % 2 == 0 ? Ours.ALLOCATOR.directBuffer(part) : Ours.ALLOCATOR.heapBuffer(part);
            composite.addComponent(true, ours.writeZero(part));
            composite.addComponent(true, Ours.ALLOCATOR.directBuffer(0, part));
            left -= part;
        }
        return composite.order(order).writerIndex(0);
    }
}
