package io.leasehold.netty;

import static io.leasehold.text.Texts.format;

import io.leasehold.observe.SizeClassFigures;
import io.leasehold.page.PageArenaStats;
import io.leasehold.slab.SlabHeapStats;
import io.netty.buffer.ByteBufAllocatorMetric;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The memory of an allocator. Each call reads the current values. If the allocator is not open, each number is 0.
///
/// ```text
///   reservedBytes    address space, costs nothing
///   limitBytes         the most that may be committed
///   committedBytes       may hold memory; charged to the budget
///   usedDirectMemory       allocated from the arena for buffers: pinned, cached, free inside slabs, lost to rounding
///   pinnedBytes              the blocks of outstanding buffers
///   cachedBytes              free blocks in the magazines of threads and in depots
/// ```
///
/// The first four count direct buffers, the others both kinds.
///
/// **Threads.** Thread-safe. Two calls may see different states. Do not call these methods on a hot path.
public final class LeasedByteBufAllocatorMetric implements ByteBufAllocatorMetric {

    private final LeasedByteBufAllocator allocator; // (C)

    LeasedByteBufAllocatorMetric(LeasedByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /// {@return the bytes that direct buffers have allocated from the arena, in use or not}
    @Override
    public long usedDirectMemory() {
        return direct().heldBytes();
    }

    /// {@return the bytes in the arrays of heap buffers, in use or not}
    @Override
    public long usedHeapMemory() {
        return onHeap().heldBytes();
    }

    /// {@return the bytes of address space that are reserved for direct buffers; of the whole arena, if it is shared}
    public long reservedBytes() {
        BufferHeaps heaps = allocator.heapsIfOpen();
        return heaps == null ? 0 : heaps.arena.addressByteSize();
    }

    /// {@return the maximum of [#committedBytes]; that of the whole arena, if it is shared} A budget may allow less.
    public long limitBytes() {
        PageArenaStats stats = pages();
        return stats == null ? 0 : stats.reservedPages() * stats.pageByteSize();
    }

    /// {@return the bytes that may hold memory and are charged to the budget; of the whole arena, if it is shared}
    public long committedBytes() {
        PageArenaStats stats = pages();
        return stats == null ? 0 : stats.committedBytes();
    }

    /// {@return the bytes of the blocks of outstanding buffers}
    public long pinnedBytes() {
        return pinnedDirectBytes() + pinnedHeapBytes();
    }

    long pinnedDirectBytes() {
        return direct().liveBytes();
    }

    long pinnedHeapBytes() {
        return onHeap().liveBytes();
    }

    /// {@return the bytes of free blocks in the magazines of threads and in depots}
    public long cachedBytes() {
        return direct().cachedBytes() + onHeap().cachedBytes();
    }

    /// {@return the number of outstanding buffers}
    public long pinnedBuffers() {
        return direct().liveBlocks() + onHeap().liveBlocks();
    }

    /// {@return the blocks of direct buffers by size, the smallest first}
    public List<SizeClassFigures> directSizeClasses() {
        return BufferHeaps.sizeClasses(direct());
    }

    /// {@return the blocks of heap buffers by size, the smallest first}
    public List<SizeClassFigures> heapSizeClasses() {
        return BufferHeaps.sizeClasses(onHeap());
    }

    /// {@return the values as one line, for people; they are read one after the other}
    @Override
    public String toString() {
        return format(
                        "LeasedByteBufAllocatorMetric(allocator=%s, usedDirectMemory=%d, usedHeapMemory=%d,"
                                + " limitBytes=%d,",
                        allocator.name(), usedDirectMemory(), usedHeapMemory(), limitBytes())
                + format(
                        " committedBytes=%d, pinnedBytes=%d, pinnedBuffers=%d, cachedBytes=%d)",
                        committedBytes(), pinnedBytes(), pinnedBuffers(), cachedBytes());
    }

    private SlabHeapStats direct() {
        BufferHeaps heaps = allocator.heapsIfOpen();
        return heaps == null ? nothing() : heaps.direct.stats();
    }

    private SlabHeapStats onHeap() {
        BufferHeaps heaps = allocator.heapsIfOpen();
        return heaps == null ? nothing() : heaps.onHeap.stats();
    }

    private @Nullable PageArenaStats pages() {
        BufferHeaps heaps = allocator.heapsIfOpen();
        return heaps == null ? null : heaps.arena.stats();
    }

    private SlabHeapStats nothing() {
        return new SlabHeapStats(allocator.name(), 0, 0, 0, 0, List.of());
    }
}
