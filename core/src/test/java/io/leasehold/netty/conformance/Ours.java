package io.leasehold.netty.conformance;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.function.Supplier;

/// Where Netty's tests get buffers of ours from. Some of them leave theirs behind, so it is never closed.
///
/// **Threads.** Thread-safe, but for [#sampled].
final class Ours {

    static final LeasedByteBufAllocator ALLOCATOR =
            TestAllocators.builder("conformance", 128 << 20).build();

    private Ours() {}

    /// {@return a buffer in a wrapper that tracks it, as it is lent at a level of leak detection}
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
