package io.leasehold.netty.conformance;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.function.Supplier;

/// The allocator for Netty's own tests. Some of them do not release their buffers, so it is never closed.
///
/// **Threads.** Thread-safe, except [#sampled].
final class Ours {

    static final LeasedByteBufAllocator ALLOCATOR =
            TestAllocators.builder("conformance", 128 << 20).build();

    private Ours() {}

    /// {@return a buffer in a leak-detecting wrapper, as the allocator returns it at a level of leak detection}
    static ByteBuf sampled(Level level, Supplier<ByteBuf> allocate) {
        Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(level);
        try {
            return allocate.get();
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
    }
}
