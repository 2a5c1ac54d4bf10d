package io.leasehold.bench;

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

/// What does a buffer cost that grows from 256 B to 64 MiB by doubling, all of it written?
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class BufferGrowthBenchmark {

    /// With `--enable-native-access`.
    @Fork(
            value = 3,
            jvmArgsAppend = {
                Allocators.MIN_HEAP,
                Allocators.MAX_HEAP,
                Allocators.NATIVE,
                EventLoops.ARGUMENT_1,
                EventLoops.ARGUMENT_2
            })
    public static class NativeAccess extends BufferGrowthBenchmark {}

    /// With native access, and `sun.misc.Unsafe` allowed.
    @Fork(
            value = 3,
            jvmArgsAppend = {
                Allocators.MIN_HEAP,
                Allocators.MAX_HEAP,
                Allocators.NATIVE,
                Allocators.UNSAFE,
                EventLoops.ARGUMENT_1,
                EventLoops.ARGUMENT_2
            })
    public static class Unsafe extends BufferGrowthBenchmark {}

    /// Without a flag: native access is granted with a warning.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, EventLoops.ARGUMENT_1, EventLoops.ARGUMENT_2})
    public static class NoFlag extends BufferGrowthBenchmark {}

    /// Which leak detection both sides use: off, or Netty's default.
    @Param({"disabled", "simple"})
    public String leak;

    private static final int FIRST_BYTES = 256;
    private static final int LAST_BYTES = 64 << 20;
    private static final int STEP = 4096;

    private ByteBufAllocator allocator;

    /// Opens the allocator that the benchmark's name asks for.
    @Setup
    public void open(BenchmarkParams params) {
        allocator = Allocators.open(params, leak);
    }

    /// Closes it, which proves that every buffer came back.
    @TearDown
    public void close() {
        Allocators.close(allocator);
    }

    /// {@return whether the grown buffer was released}
    @Benchmark
    public boolean grow() {
        return growAndRelease();
    }

    /// {@return whether the grown buffer was released}
    @Benchmark
    public boolean growAdaptive() {
        return growAndRelease();
    }

    /// {@return whether the grown buffer was released}
    @Benchmark
    public boolean growPooled() {
        return growAndRelease();
    }

    private boolean growAndRelease() {
        ByteBuf buffer = allocator.directBuffer(FIRST_BYTES);
        int written = 0;
        for (int capacity = FIRST_BYTES; capacity <= LAST_BYTES; capacity *= 2) {
            buffer.capacity(capacity);
            for (; written < capacity; written += STEP) {
                buffer.setLong(written, written);
            }
        }
        return buffer.release();
    }
}
