package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.process.ProcessorTime;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.netty.buffer.ByteBuf;

/// Allocates buffers of 100 KiB while every second page of `n` MiB is free, so that these holes are too small.
final class HolesThenBursts {

    private static final int SMALL_BYTES = 4 << 10;
    private static final int LARGE_BYTES = 100 << 10;
    private static final int LARGE_COUNT = 64;

    private HolesThenBursts() {}

    static Point run(Load load) throws Exception {
        return load.openOnLoop(allocator -> {
            ByteBuf[] small = new ByteBuf[Math.toIntExact((load.n() << 20) / SMALL_BYTES)];
            BufferArrays.fill(allocator, small, SMALL_BYTES);
            for (int i = 0; i < small.length; i += 2) {
                small[i].release();
            }
            Stopwatch.Work burst = BufferArrays.allocateAndRelease(allocator, LARGE_BYTES, LARGE_COUNT);
            Stopwatch.repeat(load.nanos(), burst);
            long before = ProcessorTime.ofMaintenance();
            Stopwatch watch = Stopwatch.repeat(load.nanos(), burst);
            long maintenance = ProcessorTime.ofMaintenance() - before;
            for (int i = 1; i < small.length; i += 2) {
                small[i].release();
            }
            double buffers = watch.laps() / 2.0;
            return load.withMaintenance(watch.nanos() / buffers, watch.worstNanos(), maintenance / buffers);
        });
    }
}
