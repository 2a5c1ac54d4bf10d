package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.JvmMode;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Direct buffers above 1 MiB, which Netty's adaptive allocator does not pool.
@Question(
        group = "allocator",
        title = "A large direct buffer",
        sentence = "What does it cost to allocate and release a direct buffer above 1 MiB, which Netty's"
                + " adaptive allocator does not pool?",
        modes = {JvmMode.NATIVE, JvmMode.UNSAFE, JvmMode.NONE},
        threads = ThreadKind.EVENT_LOOP)
public class BufferLargeBenchmark extends AllocatorBenchmark {

    /// Bytes of a buffer.
    @Param({"1048577", "2097152", "5242880"})
    public int largeByteSize;

    /// {@return true if one buffer was allocated and released}
    @Benchmark
    @Case("one at a time")
    public boolean oneLive() {
        return buffers.directBuffer(largeByteSize).release();
    }
}
