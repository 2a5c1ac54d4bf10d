package io.leasehold.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;

/// What does it cost to allocate and release a direct buffer that is too large for Netty's pools?
public abstract class BufferLargeBenchmark extends AllocatorBenchmark {

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
    public static class NativeAccess extends BufferLargeBenchmark {}

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
    public static class Unsafe extends BufferLargeBenchmark {}

    /// Without a flag: native access is granted with a warning.
    @Fork(
            value = 3,
            jvmArgsAppend = {Allocators.MIN_HEAP, Allocators.MAX_HEAP, EventLoops.ARGUMENT_1, EventLoops.ARGUMENT_2})
    public static class NoFlag extends BufferLargeBenchmark {}

    /// Bytes of a buffer.
    @Param({"1048577", "2097152", "5242880"})
    public int largeByteSize;

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLive() {
        return allocator.directBuffer(largeByteSize).release();
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLiveAdaptive() {
        return allocator.directBuffer(largeByteSize).release();
    }

    /// {@return one buffer, released}
    @Benchmark
    public boolean oneLivePooled() {
        return allocator.directBuffer(largeByteSize).release();
    }
}
