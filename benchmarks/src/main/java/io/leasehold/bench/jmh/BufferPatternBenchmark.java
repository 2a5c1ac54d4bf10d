package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.JvmMode;
import io.leasehold.bench.subject.Sizes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/// What does it cost to replace one of many live buffers, chosen at random, by one of another size? `step` reads the
/// old buffer and writes the new one, so that warm memory is an advantage. `exchange` touches neither, so that only the
/// allocator is measured.
///
/// The sizes are those of a WebSocket proxy or of an API gateway ([Sizes]).
@Question(
        group = "allocator",
        title = "A step of a server's workload",
        sentence = "What does it cost to replace one of many live buffers, chosen at random, by one of"
                + " another size? The buffer is written and read, or untouched. Sizes are those of a"
                + " WebSocket proxy or of an API gateway.",
        modes = {JvmMode.NATIVE, JvmMode.UNSAFE, JvmMode.NONE},
        threads = ThreadKind.EVENT_LOOP)
public class BufferPatternBenchmark extends AllocatorBenchmark {

    /// Distribution of the sizes.
    @Param({"PROXY", "GATEWAY"})
    public Sizes sizes;

    /// Number of live buffers.
    @Param({"8192", "1024"})
    public int liveCount;

    /// True if many buffers of other sizes were used before, and the code has seen buffers of four classes. Then the
    /// JIT compiler cannot devirtualize calls on buffers. Both are the case in a server.
    @Param({"false", "true"})
    public boolean polluted;

    private static final int STEPS = 1 << 17;
    private static final int POLLUTION_STEPS = 50_000;
    private static final int STRIDE = 64;

    private int[] byteSizes = {};
    private int[] slots = {};
    private ByteBuf[] live = {};
    private int next;

    @Override
    void begin() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(42);
        byteSizes = random.ints(STEPS, 0, 1 << 20).map(i -> sizes.next(random)).toArray();
        slots = random.ints(STEPS, 0, liveCount).toArray();
        if (polluted) {
            Allocators.pollute(buffers, random);
            polluteCode();
        }
        fill();
    }

    private void polluteCode() {
        ByteBufAllocator measured = buffers;
        for (String other : List.of("leased", "adaptive", "pooled", "unpooled")) {
            buffers = Allocators.open(other, leak);
            fill();
            for (int i = 0; i < POLLUTION_STEPS; i++) {
                replace();
                replaceUntouched();
            }
            end();
            Allocators.close(buffers);
        }
        buffers = measured;
    }

    private void fill() {
        live = new ByteBuf[liveCount];
        for (int i = 0; i < liveCount; i++) {
            live[i] = buffers.directBuffer(byteSizes[i]);
        }
    }

    @Override
    void end() {
        for (ByteBuf buffer : live) {
            buffer.release();
        }
    }

    /// {@return the sum of the longs that were read}
    @Benchmark
    @Case("written and read")
    public long step() {
        return replace();
    }

    /// {@return the size of the released buffer in bytes}
    @Benchmark
    @Case("untouched")
    public int exchange() {
        return replaceUntouched();
    }

    private int replaceUntouched() {
        int step = next++ & (STEPS - 1);
        int slot = slots[step];
        ByteBuf old = live[slot];
        int byteSize = old.capacity();
        old.release();
        live[slot] = buffers.directBuffer(byteSizes[step]);
        return byteSize;
    }

    private long replace() {
        int step = next++ & (STEPS - 1);
        int slot = slots[step];
        ByteBuf old = live[slot];
        long sum = 0;
        int byteSize = old.capacity();
        for (int i = 0; i + Long.BYTES <= byteSize; i += STRIDE) {
            sum += old.getLong(i);
        }
        old.release();
        ByteBuf fresh = buffers.directBuffer(byteSizes[step]);
        for (int i = 0; i + Long.BYTES <= byteSizes[step]; i += STRIDE) {
            fresh.setLong(i, i);
        }
        live[slot] = fresh;
        return sum;
    }
}
