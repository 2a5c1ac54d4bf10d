package io.leasehold.bench;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.uring.LeasedBufferRing;
import io.leasehold.netty.uring.LeasedBufferRingOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.uring.IoUringBufferRingAllocator;
import io.netty.channel.uring.IoUringFixedBufferRingAllocator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/// What does a read by Netty's io_uring into a ring of buffers cost in user space? The oldest of eight buffers leaves
/// the ring, the received bytes are sliced from it, a new buffer takes its place, and the slice is released. The
/// baselines are Netty's own fixed ring with its two allocators.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {
            Allocators.MIN_HEAP,
            Allocators.MAX_HEAP,
            Allocators.NATIVE,
            EventLoops.ARGUMENT_1,
            EventLoops.ARGUMENT_2
        })
public class JumboReceiveBenchmark {

    private static final int DEPTH = 8;

    /// Size of the pages.
    @Param({"KIB_4", "KIB_64"})
    public BufferSize bufferSize;

    private final ByteBuf[] armed = new ByteBuf[DEPTH];
    private ByteBufAllocator allocator;
    private IoUringBufferRingAllocator ring;
    private int next;

    /// Opens the ring that the name of the benchmark selects.
    @Setup
    public void open(BenchmarkParams params) {
        allocator = Allocators.open(params, "disabled");
        ring = allocator instanceof LeasedByteBufAllocator leased
                ? LeasedBufferRing.open(
                        leased,
                        LeasedBufferRingOptions.builder().bufferSize(bufferSize).build())
                : new IoUringFixedBufferRingAllocator(allocator, bufferSize.byteSize());
        for (int i = 0; i < DEPTH; i++) {
            armed[i] = ring.allocate();
        }
    }

    /// Closes the ring, which proves that every page was freed.
    @TearDown
    public void close() {
        for (ByteBuf buffer : armed) {
            buffer.release();
        }
        if (ring instanceof LeasedBufferRing leased) {
            leased.close();
        }
        Allocators.close(allocator);
    }

    /// {@return true if the last reference to a read was released}
    @Benchmark
    public boolean read() {
        return readOne();
    }

    /// {@return true if the last reference to a read was released}
    @Benchmark
    public boolean readAdaptive() {
        return readOne();
    }

    /// {@return true if the last reference to a read was released}
    @Benchmark
    public boolean readPooled() {
        return readOne();
    }

    /// Takes the steps of a read in the order of Netty's ring.
    private boolean readOne() {
        int slot = next++ & (DEPTH - 1);
        ByteBuf oldest = armed[slot];
        int byteSize = bufferSize.byteSize();
        ring.lastBytesRead(byteSize, byteSize);
        ByteBuf slice = oldest.retainedSlice(oldest.writerIndex(), byteSize);
        oldest.writerIndex(byteSize);
        oldest.release();
        armed[slot] = ring.allocate();
        return slice.release();
    }
}
