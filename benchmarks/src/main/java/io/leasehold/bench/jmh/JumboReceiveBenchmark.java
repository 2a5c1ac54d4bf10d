package io.leasehold.bench.jmh;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.uring.LeasedBufferRing;
import io.leasehold.netty.uring.LeasedBufferRingOptions;
import io.netty.buffer.ByteBuf;
import io.netty.channel.uring.IoUringBufferRingAllocator;
import io.netty.channel.uring.IoUringFixedBufferRingAllocator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// What does a read by Netty's io_uring into a ring of buffers cost in user space? The oldest of eight buffers leaves
/// the ring, the received bytes are sliced from it, a new buffer takes its place, and the slice is released. The
/// baselines are Netty's own fixed ring with its two allocators.
@Question(
        group = "ring",
        title = "A read into a page",
        sentence = "What does a read by Netty's io_uring cost in user space: a buffer leaves the ring,"
                + " and is sliced, replaced and released? The baselines are Netty's own fixed ring with"
                + " the other allocators.",
        threads = ThreadKind.EVENT_LOOP)
public class JumboReceiveBenchmark extends AllocatorBenchmark {

    private static final int DEPTH = 8;

    /// Size of the pages.
    @Param({"KIB_4", "KIB_64"})
    public BufferSize bufferSize;

    private final ByteBuf[] armed = new ByteBuf[DEPTH];
    private @Nullable IoUringBufferRingAllocator ring;
    private int next;

    @Override
    void begin() {
        IoUringBufferRingAllocator opened = buffers instanceof LeasedByteBufAllocator leased
                ? LeasedBufferRing.open(
                        leased,
                        LeasedBufferRingOptions.builder().bufferSize(bufferSize).build())
                : new IoUringFixedBufferRingAllocator(buffers, bufferSize.byteSize());
        for (int i = 0; i < DEPTH; i++) {
            armed[i] = opened.allocate();
        }
        ring = opened;
    }

    @Override
    void end() {
        for (ByteBuf buffer : armed) {
            buffer.release();
        }
        if (ring instanceof LeasedBufferRing leased) {
            leased.close();
        }
    }

    /// Takes the steps of a read in the order of Netty's ring.
    ///
    /// @return true if the last reference to a read was released
    @Benchmark
    @Case("one read")
    public boolean read() {
        IoUringBufferRingAllocator from = Objects.requireNonNull(ring);
        int slot = next++ & (DEPTH - 1);
        ByteBuf oldest = armed[slot];
        int byteSize = bufferSize.byteSize();
        from.lastBytesRead(byteSize, byteSize);
        ByteBuf slice = oldest.retainedSlice(oldest.writerIndex(), byteSize);
        oldest.writerIndex(byteSize);
        oldest.release();
        armed[slot] = from.allocate();
        return slice.release();
    }
}
