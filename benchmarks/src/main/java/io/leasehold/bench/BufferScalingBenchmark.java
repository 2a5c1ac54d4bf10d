package io.leasehold.bench;

import io.leasehold.netty.LeasedByteBufAllocator;
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

/// How much does throughput grow if a second thread also allocates and releases buffers?
///
/// The control is work that shares nothing, see [PageScalingBenchmark].
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {
            Allocators.MIN_HEAP,
            Allocators.MAX_HEAP,
            Allocators.NATIVE,
            "-Dio.netty.leakDetection.level=disabled",
            EventLoops.ARGUMENT_1,
            EventLoops.ARGUMENT_2
        })
public class BufferScalingBenchmark {

    private static final int BYTES = 4096;

    /// Tokens of [Blackhole#consumeCPU] that take about as long as one buffer here.
    private static final long CONTROL_TOKENS = 8;

    private final LeasedByteBufAllocator allocator =
            LeasedByteBufAllocator.builder().name("bench").build();

    /// Closes the allocator, which also proves that every buffer was released.
    @TearDown
    public void close() {
        allocator.close();
    }

    /// {@return one buffer, released, with no other thread}
    @Benchmark
    @Threads(1)
    public boolean bufferOneThread() {
        return allocator.directBuffer(BYTES).release();
    }

    /// {@return one buffer, released, while another thread does the same}
    @Benchmark
    @Threads(2)
    public boolean bufferTwoThreads() {
        return allocator.directBuffer(BYTES).release();
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
}
