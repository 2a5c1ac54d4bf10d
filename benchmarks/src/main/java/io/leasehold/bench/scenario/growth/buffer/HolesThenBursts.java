package io.leasehold.bench.scenario.growth.buffer;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.FigureNames;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.ProcessorTime;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import java.util.Map;

/// Allocates buffers of 100 KiB while every second page of `n` MiB is free, so that these holes are too small.
record HolesThenBursts() implements GrowthQuestion {

    private static final int SMALL_BYTES = 4 << 10;
    private static final int LARGE_BYTES = 100 << 10;
    private static final int LARGE_COUNT = 64;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                "holes",
                "Bursts of 100 KiB with holes of 4 KiB",
                "MiB, every second page of which is free",
                "ns/buffer",
                "N MiB are allocated in buffers of 4 KiB and written, and every second buffer is released. Then bursts"
                        + " of 64 buffers of 100 KiB are allocated and released on the same event loop. The cost"
                        + " includes the processor time of the maintenance thread; a wait is one allocation or one"
                        + " release.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(16, 7, 4);
    }

    @Override
    public List<String> allocators() {
        return BOTH;
    }

    @Override
    public long touchedBytes(long n) {
        return n << 20;
    }

    @Override
    public Point run(Load load) throws Exception {
        return load.openOnLoop(allocator -> {
            ByteBuf[] small = new ByteBuf[Math.toIntExact((load.n() << 20) / SMALL_BYTES)];
            BufferArrays.fill(allocator, small, SMALL_BYTES);
            for (int i = 0; i < small.length; i += 2) {
                small[i].release();
            }
            burstsUntil(allocator, load.nanos());
            long before = ProcessorTime.ofMaintenance();
            Stopwatch watch = burstsUntil(allocator, load.nanos());
            long maintenance = ProcessorTime.ofMaintenance() - before;
            for (int i = 1; i < small.length; i += 2) {
                small[i].release();
            }
            double buffers = watch.laps() / 2.0;
            double share = maintenance / buffers;
            return load.point(
                    watch.nanos() / buffers + share,
                    watch.worstNanos(),
                    load.allocator().equals(LEASED) ? Map.of(FigureNames.MAINTENANCE, share) : Map.of());
        });
    }

    private static Stopwatch burstsUntil(ByteBufAllocator allocator, long nanos) {
        ByteBuf[] large = new ByteBuf[LARGE_COUNT];
        Stopwatch watch = new Stopwatch();
        watch.start();
        do {
            for (int i = 0; i < LARGE_COUNT; i++) {
                large[i] = allocator.directBuffer(LARGE_BYTES, LARGE_BYTES);
                watch.lap();
            }
            for (ByteBuf buffer : large) {
                buffer.release();
                watch.lap();
            }
            watch.stop();
        } while (watch.nanos() < nanos);
        return watch;
    }
}
