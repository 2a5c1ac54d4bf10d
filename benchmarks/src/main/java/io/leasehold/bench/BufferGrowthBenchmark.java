package io.leasehold.bench;

import io.netty.buffer.ByteBuf;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;

/// What does a buffer cost that grows from 256 B to 64 MiB by doubling and is written completely?
public abstract class BufferGrowthBenchmark extends AllocatorBenchmark {

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

    private static final int FIRST_BYTES = 256;
    private static final int LAST_BYTES = 64 << 20;
    private static final int STEP = 4096;

    /// {@return true if the grown buffer was released}
    @Benchmark
    public boolean grow() {
        return growAndRelease();
    }

    /// {@return true if the grown buffer was released}
    @Benchmark
    public boolean growAdaptive() {
        return growAndRelease();
    }

    /// {@return true if the grown buffer was released}
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
