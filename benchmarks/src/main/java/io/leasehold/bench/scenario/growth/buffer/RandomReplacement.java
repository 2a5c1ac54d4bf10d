package io.leasehold.bench.scenario.growth.buffer;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Replaces one of `n` live buffers at a random place, repeatedly.
record RandomReplacement() implements GrowthQuestion {

    private static final int BYTES = 1 << 10;

    /// Number of replacements between two reads of the clock.
    private static final int REPLACEMENTS = 256;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                "replace",
                "Replacing one of many live buffers of 1 KiB",
                "live buffers",
                "ns/replacement",
                "N buffers are live on an event loop. One at a random place is released and another one is allocated"
                        + " and written.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(8 << 10, 7, 5);
    }

    @Override
    public List<String> allocators() {
        return BOTH;
    }

    @Override
    public long touchedBytes(long n) {
        return n * BYTES;
    }

    @Override
    public Point run(Load load) throws Exception {
        return load.openOnLoop(allocator -> {
            ByteBuf[] live = new ByteBuf[load.count()];
            BufferArrays.fill(allocator, live, BYTES);
            Random random = new Random(1);
            replace(allocator, live, random, load.nanos());
            Stopwatch watch = replace(allocator, live, random, load.nanos());
            BufferArrays.release(live, 0, live.length);
            return load.point(watch.nanosPerLap(), watch.worstNanos(), Map.of());
        });
    }

    private static Stopwatch replace(ByteBufAllocator allocator, ByteBuf[] live, Random random, long nanos) {
        Stopwatch watch = new Stopwatch();
        watch.start();
        do {
            for (int i = 0; i < REPLACEMENTS; i++) {
                int place = random.nextInt(live.length);
                live[place].release();
                live[place] = BufferArrays.touched(allocator, BYTES);
                watch.lap();
            }
            watch.stop();
        } while (watch.nanos() < nanos);
        return watch;
    }
}
