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

/// How much does a second thread gain on one pool of windows, when each leases a page of its own that is mapped?
///
/// The control is work that shares nothing, of about the same length; the figure is (two threads / one thread) of the
/// pool over the same of the control, from runs that alternate.
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

    private final PageArena arena = PageArena.open(PageArenaOptions.defaults()
            .withName("bench")
            .withByteSize(16L << 20)
            .withMemoryFile(true));
    private final LeasePool pool = LeasePool.open(arena, LeasePoolOptions.windowed(64));
    private final AtomicInteger threads = new AtomicInteger();
    private final long[] pages = {wired(), wired()};

    private long wired() {
        long page = arena.allocate();
        arena.frames().wire(page);
        return page;
    }

    /// Which page a thread leases.
    @State(Scope.Thread)
    public static class Tenant {
        private long page;

        /// Gives each thread another page.
        @Setup
        public void choose(LeaseScalingBenchmark benchmark) {
            page = benchmark.pages[benchmark.threads.getAndIncrement() % benchmark.pages.length];
        }
    }

    /// Closes the pool, which also proves that every lease came back.
    @TearDown
    public void close() {
        pool.close();
        for (long page : pages) {
            arena.frames().unwire(page);
            arena.free(page);
        }
        arena.close();
    }

    /// {@return a lease on a mapped page, closed; nobody else is there}
    @Benchmark
    @Threads(1)
    public long hitOneThread(Tenant tenant) {
        return hit(tenant);
    }

    /// {@return a lease on a mapped page, closed, while another thread does the same with another page}
    @Benchmark
    @Threads(2)
    public long hitTwoThreads(Tenant tenant) {
        return hit(tenant);
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

    private long hit(Tenant tenant) {
        long lease = pool.acquireHandle(tenant.page);
        pool.release(lease);
        return lease;
    }
}
