package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.JvmMode;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// What does it cost to allocate a buffer on one event loop and release it on another one?
///
/// The two threads share a ring buffer with 1,024 places. The faster thread waits, so the result is the time of the
/// slower one.
@Question(
        group = "allocator",
        title = "A buffer handed to another thread",
        sentence = "What does it cost to allocate a buffer on one event loop and release it on another" + " one?",
        modes = {JvmMode.NATIVE, JvmMode.UNSAFE, JvmMode.NONE},
        threads = ThreadKind.EVENT_LOOP)
public class BufferHandOffBenchmark extends AllocatorBenchmark {

    private static final int PLACES = 1024;

    /// Bytes of a buffer.
    @Param({"4096", "256"})
    public int byteSize;

    private final AtomicReferenceArray<ByteBuf> ring = new AtomicReferenceArray<>(PLACES);
    private final EventExecutor other = new DefaultEventExecutor();
    private volatile boolean stopped;
    private int next;

    @Override
    void begin() {
        other.execute(this::releaseAll);
    }

    @Override
    void end() throws InterruptedException {
        stopped = true;
        other.shutdownGracefully(0, 10, TimeUnit.SECONDS).await();
    }

    /// Hands one buffer over.
    @Benchmark
    @Case("one at a time")
    public void handOff() {
        ByteBuf buffer = buffers.directBuffer(byteSize);
        int place = next++ & (PLACES - 1);
        while (ring.getAcquire(place) != null) {
            Thread.onSpinWait();
        }
        ring.setRelease(place, buffer);
    }

    private void releaseAll() {
        int place = 0;
        while (true) {
            boolean isLast = stopped; // read first: a buffer may be handed over between an empty place and the end
            ByteBuf buffer = ring.getAcquire(place);
            if (buffer != null) {
                ring.setRelease(place, null);
                buffer.release();
                place = (place + 1) & (PLACES - 1);
            } else if (isLast) {
                return;
            } else {
                Thread.onSpinWait();
            }
        }
    }
}
