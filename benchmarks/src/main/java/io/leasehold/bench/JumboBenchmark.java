package io.leasehold.bench;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
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

/// What does it cost to allocate and free a page of a pool on an event loop? The baselines are buffers of the same size
/// of Netty's two allocators. Leasehold allocates the page alone, without a buffer over it; [JumboReceiveBenchmark] has
/// the buffer.
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
public class JumboBenchmark {

    private static final int LIVE = 64;

    /// Size of the pages.
    @Param({"KIB_4", "KIB_64"})
    public BufferSize bufferSize;

    private final long[] handles = new long[LIVE];
    private final ByteBuf[] buffers = new ByteBuf[LIVE];
    private PageArena arena;
    private JumboPool<Object> ring;
    private ByteBufAllocator allocator;
    private int next;

    /// Opens the pool and the allocator that the name of the benchmark selects.
    @Setup
    public void open(BenchmarkParams params) {
        allocator = Allocators.open(params, "disabled");
        arena = PageArena.open(
                PageArenaOptions.builder().name("bench").byteSize(256 << 20).build());
        JumboOptions options = JumboOptions.builder().bufferSize(bufferSize).build();
        ring = JumboPool.open(arena, options, (of, page, address, byteSize) -> address);
        for (int i = 0; i < LIVE; i++) {
            handles[i] = ring.tryAllocate();
            buffers[i] = allocator.directBuffer(bufferSize.byteSize());
        }
    }

    /// Closes them, which proves that every page was freed.
    @TearDown
    public void close() {
        ring.free(handles, 0, LIVE);
        for (ByteBuf buffer : buffers) {
            buffer.release();
        }
        ring.close();
        arena.close();
        Allocators.close(allocator);
    }

    /// Allocates and frees one page.
    @Benchmark
    public void oneLive() {
        ring.free(ring.tryAllocate());
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLiveAdaptive() {
        return allocator.directBuffer(bufferSize.byteSize()).release();
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLivePooled() {
        return allocator.directBuffer(bufferSize.byteSize()).release();
    }

    /// Frees the oldest of 64 pages and allocates a new one.
    @Benchmark
    public void fifo() {
        int slot = next++ & (LIVE - 1);
        ring.free(handles[slot]);
        handles[slot] = ring.tryAllocate();
    }

    /// {@return true if the oldest of 64 buffers was released for a new one}
    @Benchmark
    public boolean fifoAdaptive() {
        return replaceOldest();
    }

    /// {@return true if the oldest of 64 buffers was released for a new one}
    @Benchmark
    public boolean fifoPooled() {
        return replaceOldest();
    }

    private boolean replaceOldest() {
        int slot = next++ & (LIVE - 1);
        boolean released = buffers[slot].release();
        buffers[slot] = allocator.directBuffer(bufferSize.byteSize());
        return released;
    }
}
