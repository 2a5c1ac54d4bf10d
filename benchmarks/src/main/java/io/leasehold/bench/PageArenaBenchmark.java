package io.leasehold.bench;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What does it cost to allocate and free a warm page, or a warm run of 16 pages, on one event loop?
///
/// Baselines: a 4 KiB direct buffer of Netty's adaptive and pooled allocators without leak detection on the same kind
/// of thread; for the run, `malloc` and `free` of 64 KiB through FFM.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {
            "-Xms1g",
            "-Xmx1g",
            "--enable-native-access=ALL-UNNAMED",
            "-Dio.netty.leakDetection.level=disabled",
            EventLoops.ARGUMENT_1,
            EventLoops.ARGUMENT_2
        })
public class PageArenaBenchmark {

    private static final int RUN_PAGES = 16;
    private static final int PAGE_BYTES = 4096;

    private final PageArena arena = PageArena.open(
            PageArenaOptions.builder().name("bench").byteSize(256L << 20).build());
    private final ByteBufAllocator adaptive = new AdaptiveByteBufAllocator(true);
    private final ByteBufAllocator pooled = new PooledByteBufAllocator(true);

    /// Closes the arena, which also proves that every page was freed.
    @TearDown
    public void close() {
        arena.close();
    }

    /// {@return one page, freed}
    @Benchmark
    public long page() {
        long page = arena.allocate();
        arena.free(page);
        return page;
    }

    /// {@return one direct buffer of the size of a page, released}
    @Benchmark
    public boolean pageNettyAdaptive() {
        return adaptive.directBuffer(PAGE_BYTES).release();
    }

    /// {@return one direct buffer of the size of a page, released}
    @Benchmark
    public boolean pageNettyPooled() {
        return pooled.directBuffer(PAGE_BYTES).release();
    }

    /// {@return a run of 16 pages, freed}
    @Benchmark
    public long run16() {
        long run = arena.allocateRun(RUN_PAGES);
        arena.free(run);
        return run;
    }

    /// {@return 64 KiB from the C library, freed}
    @Benchmark
    public long run16Malloc() {
        long address = Malloc.allocate(RUN_PAGES * PAGE_BYTES);
        Malloc.free(address);
        return address;
    }
}
