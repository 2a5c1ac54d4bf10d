package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;

/// Allocators for tests, each with a budget of its own.
///
/// **Threads.** Thread-safe.
public final class TestAllocators {

    private static final long SMALL_BYTES = 16L << 20;

    private TestAllocators() {}

    /// {@return an allocator of 16 MiB}
    public static LeasedByteBufAllocator small(String name) {
        return builder(name, SMALL_BYTES).build();
    }

    /// {@return a builder of an allocator with a limit, and with a budget of its own that is large enough}
    public static LeasedByteBufAllocatorBuilder builder(String name, long byteLimit) {
        return LeasedByteBufAllocator.builder()
                .name(name)
                .byteLimit(byteLimit)
                .budget(MemoryBudget.of(name, byteLimit + (4L << 20)));
    }
}
