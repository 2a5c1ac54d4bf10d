package io.leasehold.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;

/// What does a direct buffer cost on threads that are not event loops, where Netty's allocators have no caches?
public abstract class BufferThreadsBenchmark extends AllocatorBenchmark {

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
