package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.PagePool;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboPool;
import io.netty.buffer.ByteBuf;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to allocate and free a page of a pool on an event loop? The baselines are buffers of the same size
/// of Netty's two allocators. Leasehold allocates the page alone, without a buffer over it; [JumboReceiveBenchmark] has
/// the buffer.
@Question(
        group = "ring",
        title = "A page of a pool",
        sentence = "What does it cost to allocate and free a page of a pool on an event loop, with no"
                + " other page in use or with 64 others in use? Leasehold allocates a page alone, the"
                + " baselines a buffer.",
        threads = ThreadKind.EVENT_LOOP)
public class JumboBenchmark extends TimedBenchmark {

    private static final int LIVE = 64;

    /// Size of the pages.
    @Param({"KIB_4", "KIB_64"})
    public BufferSize bufferSize;

    private final long[] handles = new long[LIVE];
    private PagePool pages;
    private JumboPool<Object> ring;
    private int next;

    /// Opens the pool.
    @Setup
    public void open() {
        pages = PagePool.open("bench", 256 << 20, bufferSize);
        ring = pages.pool();
        for (int i = 0; i < LIVE; i++) {
            handles[i] = ring.tryAllocate();
        }
    }

    /// Closes the pool, which proves that every page was freed.
    @TearDown
    public void close() {
        ring.free(handles, 0, LIVE);
        pages.close();
    }

    /// Buffers of an allocator.
    @State(Scope.Thread)
    public static class Buffers {

        private final ByteBuf[] live = new ByteBuf[LIVE];
        private int next;

        /// Allocates the buffers.
        @Setup
        public void open(Baselines baselines, JumboBenchmark benchmark) {
            for (int i = 0; i < LIVE; i++) {
                live[i] = baselines.allocate(benchmark.bufferSize.byteSize());
            }
        }

        /// Releases the buffers.
        @TearDown
        public void close() {
            for (ByteBuf buffer : live) {
                buffer.release();
            }
        }
    }

    /// Allocates and frees one page.
    @Benchmark
    @Case("one at a time")
    public void oneLive() {
        ring.free(ring.tryAllocate());
    }

    /// {@return true if one buffer was allocated and released}
    @Benchmark
    @Case(value = "a buffer", baselineOf = "oneLive")
    public boolean oneLiveBuffer(Baselines baselines) {
        return baselines.allocate(bufferSize.byteSize()).release();
    }

    /// Frees the oldest of 64 pages and allocates a new one.
    @Benchmark
    @Case("64 in use")
    public void fifo() {
        int slot = next++ & (LIVE - 1);
        ring.free(handles[slot]);
        handles[slot] = ring.tryAllocate();
    }

    /// {@return true if the oldest of 64 buffers was released for a new one}
    @Benchmark
    @Case(value = "a buffer", baselineOf = "fifo")
    public boolean fifoBuffer(Baselines baselines, Buffers buffers) {
        int slot = buffers.next++ & (LIVE - 1);
        boolean released = buffers.live[slot].release();
        buffers.live[slot] = baselines.allocate(bufferSize.byteSize());
        return released;
    }
}
