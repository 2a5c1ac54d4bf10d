package io.leasehold.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;

/// What does a heap buffer of 16 KiB cost? TLS engines use this size.
public abstract class BufferHeapBenchmark extends AllocatorBenchmark {

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
    public static class NativeAccess extends BufferHeapBenchmark {}

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
    public static class Unsafe extends BufferHeapBenchmark {}

    /// Without a flag: native access is granted with a warning.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, EventLoops.ARGUMENT_1, EventLoops.ARGUMENT_2})
    public static class NoFlag extends BufferHeapBenchmark {}

    private static final int TLS_BYTES = 16 << 10;

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLive() {
        return allocator.heapBuffer(TLS_BYTES).release();
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLiveAdaptive() {
        return allocator.heapBuffer(TLS_BYTES).release();
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLivePooled() {
        return allocator.heapBuffer(TLS_BYTES).release();
    }
}
