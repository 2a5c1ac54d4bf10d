package io.leasehold.netty;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.util.function.ToLongFunction;

/// The allocator behind one pool of Netty. Methods that the agent inserted into the pool call it, through types of the
/// JDK and of Netty only.
///
/// **Threads.** Thread-safe.
final class FacadeBacking extends AbstractByteBufAllocator
        implements ByteBufAllocatorMetricProvider, ByteBufAllocatorMetric, ToLongFunction<String> {

    private final FacadeHeap heap; // (C)
    private final LeasedByteBufAllocator allocator; // (C)

    FacadeBacking(FacadeHeap heap, LeasedByteBufAllocator allocator) {
        super(true);
        this.heap = heap;
        this.allocator = allocator;
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        return allocator.newDirectBuffer(initialCapacity, maxCapacity);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return allocator.newHeapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }

    @Override
    public ByteBufAllocatorMetric metric() {
        return this;
    }

    @Override
    public long usedDirectMemory() {
        return applyAsLong("usedDirectMemory");
    }

    @Override
    public long usedHeapMemory() {
        return applyAsLong("usedHeapMemory");
    }

    /// {@return the result of a method of Netty's pool that counts bytes, or 0 if another facade reports the heap}
    ///
    /// @param method name of the method
    @Override
    public long applyAsLong(String method) {
        LeasedByteBufAllocatorMetric metric = allocator.metric();
        ByteBufAllocator facade = allocator.facade;
        return switch (method) {
            case "usedDirectMemory" -> heap.isReporterOfUsed(facade, true) ? metric.usedDirectMemory() : 0;
            case "usedHeapMemory" -> heap.isReporterOfUsed(facade, false) ? metric.usedHeapMemory() : 0;
            case "pinnedDirectMemory" -> heap.isReporterOfPinned(facade, true) ? metric.pinnedDirectBytes() : 0;
            case "pinnedHeapMemory" -> heap.isReporterOfPinned(facade, false) ? metric.pinnedHeapBytes() : 0;
            default -> throw new IllegalArgumentException("unknown number: method=" + method);
        };
    }

    /// {@return a table of the memory in use, for `dumpStats()` of the pool}
    @Override
    public String toString() {
        return allocator.dumpStats();
    }
}
