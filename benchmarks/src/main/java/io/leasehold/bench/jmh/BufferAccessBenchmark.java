package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.JvmMode;
import io.leasehold.memory.OffHeap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to read and write a direct buffer: 4 KiB, long by long, or 64 bytes at a time?
///
/// Loop variables count bytes. With an `int` index `i * 8`, C2 does not vectorize a loop over native memory of any
/// kind, and all variants take three times as long.
///
/// The segment is a baseline of the JDK: memory through one constant segment, with the bounds check that a
/// caller would make.
@Question(
        group = "allocator",
        title = "Reading and writing a buffer",
        sentence = "What does it cost to read and write a direct buffer: 4 KiB as longs one by one, or"
                + " 64 bytes at a time? The segment is memory that is accessed through a constant"
                + " segment of the JDK.",
        modes = {JvmMode.NATIVE, JvmMode.UNSAFE})
public class BufferAccessBenchmark extends TimedBenchmark {

    private static final int PAGE_BYTES = 4096;
    private static final int FEW_BYTES = 64;
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final byte[] bytes = new byte[FEW_BYTES];
    private final MemorySegment segment =
            OffHeap.segment(Arena.global().allocate(PAGE_BYTES).address(), PAGE_BYTES);

    /// Two buffers of one allocator.
    @State(Scope.Thread)
    public static class Buffers {

        /// Name of the allocator, see [Allocators#open].
        @Param({"leased", "adaptive", "pooled"})
        public String allocator;

        private ByteBufAllocator opened;
        private ByteBuf buffer;
        private ByteBuf other;

        /// Opens the allocator and allocates the buffers.
        @Setup
        public void open() {
            opened = Allocators.open(allocator, "disabled");
            buffer = opened.directBuffer(PAGE_BYTES).setZero(0, PAGE_BYTES);
            other = opened.directBuffer(FEW_BYTES).setZero(0, FEW_BYTES);
        }

        /// Closes the allocator, which proves that every buffer was released.
        @TearDown
        public void close() {
            buffer.release();
            other.release();
            Allocators.close(opened);
        }
    }

    /// {@return the sum of all longs}
    @Benchmark
    @Case("reading longs")
    public long getLongs(Buffers on) {
        long sum = 0;
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            sum += on.buffer.getLong(i);
        }
        return sum;
    }

    /// {@return the sum of all longs}
    @Benchmark
    @Case(value = "constant segment", baselineOf = "getLongs")
    public long getLongsSegment() {
        long sum = 0;
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            sum += segment.get(BIG_ENDIAN, i);
        }
        return sum;
    }

    /// Fills a buffer.
    @Benchmark
    @Case("writing longs")
    public void setLongs(Buffers on) {
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            on.buffer.setLong(i, i);
        }
    }

    /// Fills a buffer.
    @Benchmark
    @Case(value = "constant segment", baselineOf = "setLongs")
    public void setLongsSegment() {
        for (int i = 0; i < PAGE_BYTES; i += Long.BYTES) {
            segment.set(BIG_ENDIAN, i, i);
        }
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    @Case("64 B to an array")
    public ByteBuf toArray(Buffers on) {
        return on.buffer.getBytes(0, bytes);
    }

    /// {@return the source buffer of the copy}
    @Benchmark
    @Case("64 B to a buffer")
    public ByteBuf toBuffer(Buffers on) {
        return on.buffer.getBytes(0, on.other, 0, FEW_BYTES);
    }
}
