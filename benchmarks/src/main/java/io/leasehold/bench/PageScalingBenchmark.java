package io.leasehold.bench;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// How much does throughput grow with a second thread on one shared arena?
///
/// The control is private work of about the same length, which shares nothing. Two virtual processors may be two
/// threads of one core, so no work can be expected to reach twice the rate. The result is (two threads / one thread) of
/// the arena divided by (two threads / one thread) of the control, from runs that alternate.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "--enable-native-access=ALL-UNNAMED"})
public class PageScalingBenchmark {

    /// Tokens of [Blackhole#consumeCPU] that take about as long as one page here.
    private static final long CONTROL_TOKENS = 6;

    private final PageArena arena = PageArena.open(
            PageArenaOptions.builder().name("bench").byteSize(256L << 20).build());

    /// Closes the arena, which also proves that every page was freed.
    @TearDown
    public void close() {
        arena.close();
    }

    /// {@return a page, freed, with no other thread}
    @Benchmark
    @Threads(1)
    public long pageOneThread() {
        return pair();
    }

    /// {@return a page, freed, while another thread does the same}
    @Benchmark
    @Threads(2)
    public long pageTwoThreads() {
        return pair();
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

    private long pair() {
        long page = arena.allocate();
        arena.free(page);
        return page;
    }
}
