package io.leasehold.bench.jmh;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Direct buffers on threads that are not event loops.
@Question(
        group = "allocator",
        title = "A direct buffer on other threads",
        sentence = "What does a direct buffer cost on threads that are not event loops, where Netty's"
                + " allocators have no caches?",
        threads = {ThreadKind.PLATFORM, ThreadKind.VIRTUAL})
public class BufferThreadsBenchmark extends AllocatorBenchmark {

    /// Bytes of a buffer.
    @Param({"4096", "256"})
    public int byteSize;

    /// {@return true if one buffer was allocated and released}
    @Benchmark
    @Case("one at a time")
    public boolean oneLive() {
        return buffers.directBuffer(byteSize).release();
    }
}
