package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.JvmMode;
import org.openjdk.jmh.annotations.Benchmark;

/// Heap buffers of the size that TLS engines use.
@Question(
        group = "allocator",
        title = "A heap buffer",
        sentence = "What does a heap buffer of 16 KiB cost? TLS engines use this size.",
        modes = {JvmMode.NATIVE, JvmMode.UNSAFE, JvmMode.NONE},
        threads = ThreadKind.EVENT_LOOP)
public class BufferHeapBenchmark extends AllocatorBenchmark {

    private static final int TLS_BYTES = 16 << 10;

    /// {@return true if one buffer was allocated and released}
    @Benchmark
    @Case("one at a time")
    public boolean oneLive() {
        return buffers.heapBuffer(TLS_BYTES).release();
    }
}
