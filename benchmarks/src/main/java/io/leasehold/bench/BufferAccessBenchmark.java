package io.leasehold.bench;

import io.leasehold.memory.OffHeap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/// What does it cost to read and write a direct buffer: 4 KiB, long by long, or 64 bytes at a time?
///
/// Loops count in bytes. With an `int` index `i * 8`, C2 does not vectorize a loop over native memory of any kind, and
/// all variants take three times as long.
///
/// The segment is a baseline of the JDK: the same memory through one constant segment, with the bounds check that a
/// caller would make.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class BufferAccessBenchmark {

    private static final int PAGE_BYTES = 4096;
    private static final int FEW_BYTES = 64;
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /// With `--enable-native-access`.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, Allocators.NATIVE})
    public static class NativeAccess extends BufferAccessBenchmark {}

    /// With native access and `sun.misc.Unsafe` allowed.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, Allocators.NATIVE, Allocators.UNSAFE})
    public static class Unsafe extends BufferAccessBenchmark {}

    private final byte[] bytes = new byte[FEW_BYTES];
    private ByteBufAllocator allocator;
    private ByteBuf buffer;
    private ByteBuf other;
    private MemorySegment segment;

    /// Opens the allocator that the name of the benchmark selects, and two buffers.
    @Setup
    public void open(BenchmarkParams params) {
        allocator = Allocators.open(params, "disabled");
        buffer = allocator.directBuffer(PAGE_BYTES).setZero(0, PAGE_BYTES);
        other = allocator.directBuffer(FEW_BYTES).setZero(0, FEW_BYTES);
        segment = OffHeap.segment(buffer.memoryAddress(), PAGE_BYTES);
    }

    /// Closes the allocator, which proves that every buffer was released.
    @TearDown
    public void close() {
        buffer.release();
        other.release();
        Allocators.close(allocator);
    }

    /// {@return a sum}
    @Benchmark
    public long getLongs() {
        return sum();
    }

    /// {@return a sum}
    @Benchmark
    public long getLongsAdaptive() {
        return sum();
    }

    /// {@return a sum}
    @Benchmark
    public long getLongsPooled() {
        return sum();
    }

    /// {@return a sum}
    @Benchmark
    public long getLongsSegment() {
        long sum = 0;
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            sum += segment.get(BIG_ENDIAN, i);
        }
        return sum;
    }

    /// Fills a buffer.
    @Benchmark
    public void setLongs() {
        fill();
    }

    /// Fills a buffer.
    @Benchmark
    public void setLongsAdaptive() {
        fill();
    }

    /// Fills a buffer.
    @Benchmark
    public void setLongsPooled() {
        fill();
    }

    /// Fills a buffer.
    @Benchmark
    public void setLongsSegment() {
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            segment.set(BIG_ENDIAN, i, i);
        }
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    public ByteBuf toArray() {
        return buffer.getBytes(0, bytes);
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    public ByteBuf toArrayAdaptive() {
        return buffer.getBytes(0, bytes);
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    public ByteBuf toArrayPooled() {
        return buffer.getBytes(0, bytes);
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    public ByteBuf toBuffer() {
        return buffer.getBytes(0, other, 0, FEW_BYTES);
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    public ByteBuf toBufferAdaptive() {
        return buffer.getBytes(0, other, 0, FEW_BYTES);
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    public ByteBuf toBufferPooled() {
        return buffer.getBytes(0, other, 0, FEW_BYTES);
    }

    private long sum() {
        long sum = 0;
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            sum += buffer.getLong(i);
        }
        return sum;
    }

    private void fill() {
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            buffer.setLong(i, i);
        }
    }
}
