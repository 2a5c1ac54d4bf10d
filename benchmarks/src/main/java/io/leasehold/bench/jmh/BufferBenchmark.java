package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.JvmMode;
import io.netty.buffer.ByteBuf;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// Direct buffers on an event loop.
@Question(
        group = "allocator",
        title = "A direct buffer on an event loop",
        sentence = "What does it cost to allocate and release a direct buffer, with no other buffer in"
                + " use or with 256 others in use?",
        modes = {JvmMode.NATIVE, JvmMode.UNSAFE, JvmMode.NONE},
        threads = ThreadKind.EVENT_LOOP)
public class BufferBenchmark extends AllocatorBenchmark {

    /// Bytes of a buffer.
    @Param({"4096", "256", "32768", "65536"})
    public int byteSize;

    private final ByteBuf[] live = new ByteBuf[256];
    private int next;

    @Override
    void begin() {
        for (int i = 0; i < live.length; i++) {
            live[i] = buffers.directBuffer(byteSize);
        }
    }

    @Override
    void end() {
        for (ByteBuf buffer : live) {
            buffer.release();
        }
    }

    /// {@return true if one buffer was allocated and released}
    @Benchmark
    @Case("one at a time")
    public boolean oneLive() {
        return buffers.directBuffer(byteSize).release();
    }

    /// {@return true if the oldest of 256 buffers was released for a new one}
    @Benchmark
    @Case("256 in use")
    public boolean fifo() {
        int slot = next++ & (live.length - 1);
        boolean released = live[slot].release();
        live[slot] = buffers.directBuffer(byteSize);
        return released;
    }
}
