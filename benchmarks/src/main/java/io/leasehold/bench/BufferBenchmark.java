package io.leasehold.bench;

import io.netty.buffer.ByteBuf;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;

/// What does it cost to allocate and release a direct buffer on an event loop, with no other or with 256 others in use?
public abstract class BufferBenchmark extends AllocatorBenchmark {

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
    public static class NativeAccess extends BufferBenchmark {}

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
    public static class Unsafe extends BufferBenchmark {}

    /// Without a flag: native access is granted with a warning.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, EventLoops.ARGUMENT_1, EventLoops.ARGUMENT_2})
    public static class NoFlag extends BufferBenchmark {}

    /// Bytes of a buffer.
    @Param({"4096", "256", "32768", "65536"})
    public int byteSize;

    private final ByteBuf[] live = new ByteBuf[256];
    private int next;

    @Override
    void begin() {
        for (int i = 0; i < live.length; i++) {
            live[i] = allocator.directBuffer(byteSize);
        }
    }

    @Override
    void end() {
        for (ByteBuf buffer : live) {
            buffer.release();
        }
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

    /// {@return true if the oldest of 256 buffers was released for a new one}
    @Benchmark
    public boolean fifo() {
        return replaceOldest();
    }

    /// {@return true if the oldest of 256 buffers was released for a new one}
    @Benchmark
    public boolean fifoAdaptive() {
        return replaceOldest();
    }

    /// {@return true if the oldest of 256 buffers was released for a new one}
    @Benchmark
    public boolean fifoPooled() {
        return replaceOldest();
    }

    private boolean replaceOldest() {
        int slot = next++ & (live.length - 1);
        boolean released = live[slot].release();
        live[slot] = allocator.directBuffer(byteSize);
        return released;
    }
}
