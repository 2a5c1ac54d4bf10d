package io.leasehold.bench;

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

/// What does a direct buffer cost on threads that are no event loops, where Netty's allocators have no caches?
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class BufferThreadsBenchmark {

    /// A platform thread.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, Allocators.NATIVE})
    public static class PlatformThread extends BufferThreadsBenchmark {}

    /// A virtual thread.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, Allocators.NATIVE, "-Djmh.executor=VIRTUAL"})
    public static class VirtualThread extends BufferThreadsBenchmark {}

    /// Bytes of a buffer.
    @Param({"4096", "256"})
    public int byteSize;

    private ByteBufAllocator allocator;

    /// Opens the allocator that the benchmark's name asks for.
    @Setup
    public void open(BenchmarkParams params) {
        allocator = Allocators.open(params, "disabled");
    }

    /// Closes it, which proves that every buffer came back.
    @TearDown
    public void close() {
        Allocators.close(allocator);
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLive() {
        return allocator.directBuffer(byteSize).release();
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLiveAdaptive() {
        return allocator.directBuffer(byteSize).release();
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLivePooled() {
        return allocator.directBuffer(byteSize).release();
    }
}
