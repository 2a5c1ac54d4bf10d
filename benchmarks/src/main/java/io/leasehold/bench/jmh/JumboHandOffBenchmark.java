package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.PagePool;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboPool;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/// What does it cost to allocate a page of a pool on one event loop and free it on another one? The baselines are
/// buffers of the same size of Netty's two allocators. Leasehold allocates the page alone, without a buffer over it.
///
/// Pages are handed over in batches of 32, as from one turn of an event loop to the next, and 8 batches may be in
/// flight. An invocation is 128 batches and ends when the last page is freed. With single pages the result depended on
/// the distance between the two threads, which decides which cache lines they share. The result varied by as much as
/// its own value.
@Question(
        group = "ring",
        title = "A page handed to another thread",
        sentence = "What does it cost to allocate a page on one event loop and free it on another one,"
                + " in batches of 32? Leasehold allocates a page alone, the baselines a buffer.",
        threads = ThreadKind.EVENT_LOOP)
public class JumboHandOffBenchmark extends TimedBenchmark {

    private static final int BATCH = 32;
    private static final int UNDER_WAY = 8;
    private static final int BATCHES = 128;
    private static final int PAGES = BATCH * BATCHES;
    private static final int SPINS = 10_000;

    /// Size of the pages.
    @Param({"KIB_4", "KIB_64"})
    public BufferSize bufferSize;

    private final long[][] handles = new long[UNDER_WAY][BATCH];
    private final ByteBuf[][] buffers = new ByteBuf[UNDER_WAY][BATCH];
    private final AtomicLong handed = new AtomicLong(); // batches, written by the allocating thread
    private final AtomicLong released = new AtomicLong(); // batches, written by the releasing thread
    private final EventExecutor other = new DefaultEventExecutor();
    private PagePool pages;
    private JumboPool<Object> ring;
    private boolean ours = true;
    private volatile boolean stopped;
    private long next;

    /// Opens the pool, and starts the releasing thread.
    @Setup
    public void open(BenchmarkParams params) {
        pages = PagePool.open("bench", 256 << 20, bufferSize);
        ring = pages.pool();
        ours = params.getBenchmark().endsWith("handOff");
        other.execute(this::releaseBatches);
    }

    /// Ends the thread and closes the pool, which proves that every page was freed.
    ///
    /// @throws InterruptedException if the run is stopped
    @TearDown
    public void close() throws InterruptedException {
        stopped = true;
        other.shutdownGracefully(0, 10, TimeUnit.SECONDS).await();
        pages.close();
    }

    /// Hands pages to the other thread.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    @Case("in batches of 32")
    public void handOff() {
        for (int batch = 0; batch < BATCHES; batch++) {
            long[] into = handles[awaitFreeBatch()];
            for (int i = 0; i < BATCH; i++) {
                into[i] = ring.tryAllocate();
            }
            handed.setRelease(++next);
        }
        awaitReleased(next);
    }

    /// Hands buffers to the other thread.
    @Benchmark
    @OperationsPerInvocation(PAGES)
    @Case(value = "a buffer", baselineOf = "handOff")
    public void handOffBuffer(Baselines baselines) {
        for (int batch = 0; batch < BATCHES; batch++) {
            ByteBuf[] into = buffers[awaitFreeBatch()];
            for (int i = 0; i < BATCH; i++) {
                into[i] = baselines.allocate(bufferSize.byteSize());
            }
            handed.setRelease(++next);
        }
        awaitReleased(next);
    }

    /// {@return the index of the next batch, after waiting until it is free}
    private int awaitFreeBatch() {
        awaitReleased(next - UNDER_WAY + 1);
        return (int) (next % UNDER_WAY);
    }

    private void awaitReleased(long batches) {
        for (int i = 0; released.getAcquire() < batches; i++) {
            pause(i);
        }
    }

    /// Waits briefly. After many waits it yields, because other processes may occupy the processor of the other thread.
    private static void pause(int waits) {
        if (waits < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    private void releaseBatches() {
        for (long batch = 0; ; batch++) {
            for (int i = 0; handed.getAcquire() <= batch; i++) {
                if (stopped) {
                    return;
                }
                pause(i);
            }
            int from = (int) (batch % UNDER_WAY);
            if (ours) {
                ring.free(handles[from], 0, BATCH);
            } else {
                for (ByteBuf buffer : buffers[from]) {
                    buffer.release();
                }
            }
            released.setRelease(batch + 1);
        }
    }
}
