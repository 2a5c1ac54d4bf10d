package io.leasehold.netty;

import io.leasehold.memory.Alignment;
import io.leasehold.page.PageArena;
import io.leasehold.slab.SlabHeap;
import io.leasehold.slab.SlabHeapStats.SizeClass;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Lends Netty its buffers: pooled, bounded, visible, and given back to the system when idle.
///
/// ```text
///   directBuffer ----> soft limit ----> block of its size, with the buffer bound to it ----> leak detector ----> lent
///                      tells                refused: BufferMemoryError                       sampled: watched
/// ```
///
/// **Ownership.** Who is lent a buffer releases it. Who built the allocator closes it, after the buffers; nobody need
/// close [#DEFAULT].
///
/// **Threads.** Thread-safe. Any thread may release what another was lent, and no thread waits for memory.
///
/// **Leaks.** A buffer that Netty's detector samples is forgotten by the heap until it comes home, so that the
/// collector can find it lost; one that is not sampled stays known, and counts as out for ever.
public final class LeasedByteBufAllocator extends AbstractByteBufAllocator
        implements ByteBufAllocatorMetricProvider, AutoCloseable {

    /// The allocator for who has no reason to build one: bounded by the process budget, opened at its first buffer.
    public static final LeasedByteBufAllocator DEFAULT =
            new LeasedByteBufAllocator(new LeasedByteBufAllocatorBuilder().name("default"));

    private final String name; // (C)
    private final LeasedByteBufAllocatorBuilder terms; // (C) read when the heaps are opened, not later
    private final int byteAlignment; // (C)
    private final boolean zeroing; // (C)
    private final RefusalLog log = RefusalLog.ofSystem(); // (C)
    private final LeasedByteBufAllocatorMetric metric = new LeasedByteBufAllocatorMetric(this); // (C)

    /// Null before the first buffer and after the end. Written under the lock of this object.
    private volatile @Nullable BufferHeaps heaps; // (A) volatile

    private boolean closed; // (L) this

    LeasedByteBufAllocator(LeasedByteBufAllocatorBuilder terms) {
        super(terms.preferDirect);
        this.name = terms.name;
        this.terms = terms;
        this.byteAlignment = terms.byteAlignment;
        this.zeroing = terms.zeroing;
    }

    /// {@return a builder of an allocator with its own bound, arena, caches or checks}
    public static LeasedByteBufAllocatorBuilder builder() {
        return new LeasedByteBufAllocatorBuilder();
    }

    /// {@return a direct buffer, one reference to it}
    ///
    /// @throws BufferMemoryError if there is no memory within the bound
    /// @throws IllegalStateException if the allocator is closed
    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        BufferHeaps open = heaps();
        return lend(open, open.direct, initialCapacity, maxCapacity);
    }

    /// {@return a heap buffer, one reference to it}
    ///
    /// @throws BufferMemoryError if there is no memory within the bound
    /// @throws IllegalStateException if the allocator is closed
    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        BufferHeaps open = heaps();
        return lend(open, open.onHeap, initialCapacity, maxCapacity);
    }

    private ByteBuf lend(BufferHeaps open, SlabHeap<CountedByteBuf> heap, int initialCapacity, int maxCapacity) {
        SoftLimit limit = open.softLimit;
        if (limit != null) {
            limit.check();
        }
        CountedByteBuf buf = take(heap, initialCapacity);
        buf.lend(initialCapacity, maxCapacity);
        if (zeroing) {
            buf.zero(0, initialCapacity);
        }
        return watched(buf);
    }

    /// {@return what to give out for a buffer that was lent: the buffer, or what a leak detector wrapped it in}
    static ByteBuf watched(CountedByteBuf buf) {
        if (!ResourceLeakDetector.isEnabled()) {
            return buf;
        }
        if (ResourceLeakDetector.getLevel() == ResourceLeakDetector.Level.SIMPLE) {
            ResourceLeakTracker<ByteBuf> tracker = buf.isSampled() ? LeakSampling.watch(buf) : null;
            if (tracker != null) {
                buf.watch(tracker);
            }
            return buf;
        }
        ByteBuf wrapper = toLeakAwareBuffer(buf);
        if (!(wrapper instanceof CountedByteBuf)) { // the detector watches this one
            buf.unbind();
        }
        return wrapper;
    }

    /// {@return the object of a block of at least `byteSize` bytes, which nobody else has, not lent yet}
    ///
    /// @throws BufferMemoryError if there is no memory within the bound
    CountedByteBuf take(SlabHeap<CountedByteBuf> heap, int byteSize) {
        long rounded = Alignment.up(byteSize, byteAlignment);
        CountedByteBuf buf = heap.tryAllocate((int) Math.min(rounded, Integer.MAX_VALUE));
        if (buf == null) {
            throw refused(heap, byteSize);
        }
        return buf;
    }

    /// {@return true: transports copy heap buffers into direct ones before they write, and ours cost no more}
    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }

    @Override
    public LeasedByteBufAllocatorMetric metric() {
        return metric;
    }

    /// {@return what it was built with}
    public String name() {
        return name;
    }

    /// {@return a table of what is held, for people}
    public String dumpStats() {
        StringBuilder text = new StringBuilder(256);
        text.append(String.format(
                Locale.ROOT,
                "%s: reserved %,d B, committed %,d B, pinned %,d B in %,d buffers, cached %,d B%n",
                name,
                metric.reservedBytes(),
                metric.committedBytes(),
                metric.pinnedBytes(),
                metric.pinnedBuffers(),
                metric.cachedBytes()));
        appendTable(text, "direct", metric.usedDirectMemory(), metric.directSizeClasses());
        appendTable(text, "Java heap", metric.usedHeapMemory(), metric.heapSizeClasses());
        return text.toString();
    }

    private static void appendTable(StringBuilder text, String kind, long usedBytes, List<SizeClass> classes) {
        text.append(String.format(Locale.ROOT, "%-9s %,17d B used%n", kind, usedBytes));
        if (classes.isEmpty()) {
            return;
        }
        text.append(
                String.format("  %12s %8s %10s %10s %10s %15s%n", "block", "slabs", "live", "cached", "free", "held"));
        for (SizeClass c : classes) {
            text.append(String.format(
                    Locale.ROOT,
                    "  %,12d %,8d %,10d %,10d %,10d %,15d%n",
                    c.byteSize(),
                    c.slabs(),
                    c.liveBlocks(),
                    c.cachedBlocks(),
                    c.freeBlocks(),
                    c.heldBytes()));
        }
    }

    /// {@return the arena that direct buffers are made of, opened if it was not yet: closing the allocator closes it,
    /// unless it was given}
    ///
    /// @throws IllegalStateException if the allocator is closed
    public PageArena arena() {
        return heaps().arena;
    }

    /// Gives back all memory that no buffer needs, that in caches included; not that of free pages in an arena that
    /// others use too.
    ///
    /// @return the bytes that went
    public long trim() {
        BufferHeaps open = heaps;
        return open == null ? 0 : open.trim();
    }

    /// Gives everything back. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if buffers are out, naming how many of which size; nothing is changed then
    @Override
    public synchronized void close() {
        BufferHeaps open = heaps;
        if (open != null) {
            open.close();
        }
        heaps = null;
        closed = true;
    }

    /// Gives everything back, whatever is out: only for when nobody will touch those buffers again. A direct one that
    /// is touched all the same reads zeroes or what others with such a buffer wrote.
    ///
    /// @return how many buffers were out
    public synchronized int closeForcibly() {
        BufferHeaps open = heaps;
        heaps = null;
        closed = true;
        return open == null ? 0 : open.closeForcibly();
    }

    @Override
    public String toString() {
        return "LeasedByteBufAllocator(" + name + ")";
    }

    boolean isZeroing() {
        return zeroing;
    }

    /// {@return what buffers are lent from, opened if they were not yet}
    ///
    /// @throws IllegalStateException if the allocator is closed
    BufferHeaps heaps() {
        BufferHeaps open = heaps;
        return open == null ? openHeaps() : open;
    }

    private synchronized BufferHeaps openHeaps() {
        BufferHeaps open = heaps;
        if (closed) {
            throw new IllegalStateException("allocator is closed: " + name);
        }
        if (open == null) {
            open = BufferHeaps.open(this, terms);
            heaps = open;
        }
        return open;
    }

    @Nullable BufferHeaps heapsIfOpen() {
        return heaps;
    }

    private BufferMemoryError refused(SlabHeap<CountedByteBuf> heap, int byteSize) {
        BufferMemoryError error = heaps().refusal(heap, byteSize);
        log.refused(error);
        return error;
    }
}
