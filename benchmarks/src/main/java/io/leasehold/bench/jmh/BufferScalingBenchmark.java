package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.Allocators;
import io.netty.buffer.ByteBufAllocator;
import org.openjdk.jmh.annotations.TearDown;

/// Buffers of 4 KiB on one and on two event loops.
@Question(
        group = "allocator",
        title = "Buffers on a second thread",
        sentence = "How much does throughput grow if a second thread also allocates and releases"
                + " buffers? The control is private work of about the same length, which shares"
                + " nothing. The two processors may be hyperthreads of one core.",
        threads = ThreadKind.EVENT_LOOP)
public class BufferScalingBenchmark extends ScalingBenchmark {

    private static final int BYTES = 4096;

    private final ByteBufAllocator allocator = Allocators.open(Allocators.LEASED, "disabled");

    /// Creates the state.
    public BufferScalingBenchmark() {
        super(8);
    }

    /// Closes the allocator, which also proves that every buffer was released.
    @TearDown
    public void close() {
        Allocators.close(allocator);
    }

    @Override
    long operate(int thread) {
        return allocator.directBuffer(BYTES).release() ? 1 : 0;
    }
}
