package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.JvmMode;
import io.netty.buffer.ByteBuf;
import org.openjdk.jmh.annotations.Benchmark;

/// A buffer that grows from 256 B to 64 MiB by doubling and is written completely.
@Question(
        group = "allocator",
        title = "A buffer that grows",
        sentence =
                "What does a buffer cost that grows from 256 B to 64 MiB by doubling and is written" + " completely?",
        modes = {JvmMode.NATIVE, JvmMode.UNSAFE, JvmMode.NONE},
        threads = ThreadKind.EVENT_LOOP)
public class BufferGrowthBenchmark extends AllocatorBenchmark {

    private static final int FIRST_BYTES = 256;
    private static final int LAST_BYTES = 64 << 20;
    private static final int STEP = 4096;

    /// {@return true if the grown buffer was released}
    @Benchmark
    @Case("256 B to 64 MiB")
    public boolean grow() {
        ByteBuf buffer = buffers.directBuffer(FIRST_BYTES);
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
