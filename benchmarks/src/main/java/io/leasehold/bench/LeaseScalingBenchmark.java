package io.leasehold.bench;

import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// How much does throughput grow with a second thread on one pool of windows, if each thread leases a mapped page of
/// its own?
///
/// The control is private work of about the same length, which shares nothing. The result is (two threads / one thread)
/// of the pool divided by (two threads / one thread) of the control, from runs that alternate.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "--enable-native-access=ALL-UNNAMED"})
public class LeaseScalingBenchmark {

    /// Tokens of [Blackhole#consumeCPU] that take about as long as a hit here.
    private static final long CONTROL_TOKENS = 14;

    private final PageArena arena = PageArena.open(PageArenaOptions.builder()
            .name("bench")
            .byteSize(16L << 20)
            .memoryFile(true)
            .build());
    private final LeasePool pool = LeasePool.open(arena, LeasePoolOptions.windowed(64));
    private final AtomicInteger threads = new AtomicInteger();
    private final long[] pages = {wired(), wired()};

    private long wired() {
        long page = arena.allocate();
        arena.frames().wire(page);
        return page;
    }

    /// The page of a thread.
    @State(Scope.Thread)
    public static class Lessee {
        private long page;

        /// Chooses a different page for each thread.
        @Setup
        public void choose(LeaseScalingBenchmark benchmark) {
            page = benchmark.pages[benchmark.threads.getAndIncrement() % benchmark.pages.length];
        }
    }

    /// Closes the pool, which also proves that every lease was closed.
    @TearDown
    public void close() {
        pool.close();
        for (long page : pages) {
            arena.frames().unwire(page);
            arena.free(page);
        }
        arena.close();
    }

    /// {@return a lease on a mapped page, closed, with no other thread}
    @Benchmark
    @Threads(1)
    public long hitOneThread(Lessee lessee) {
        return hit(lessee);
    }

    /// {@return a lease on a mapped page, closed, while another thread uses another page}
    @Benchmark
    @Threads(2)
    public long hitTwoThreads(Lessee lessee) {
        return hit(lessee);
    }

    /// Private work of one thread.
    @Benchmark
    @Threads(1)
    public void controlOneThread() {
        Blackhole.consumeCPU(CONTROL_TOKENS);
    }

    /// Private work of two threads.
    @Benchmark
    @Threads(2)
    public void controlTwoThreads() {
        Blackhole.consumeCPU(CONTROL_TOKENS);
    }

    private long hit(Lessee lessee) {
        long lease = pool.acquireHandle(lessee.page);
        pool.free(lease);
        return lease;
    }
}
