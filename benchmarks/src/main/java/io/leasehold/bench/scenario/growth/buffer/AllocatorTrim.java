package io.leasehold.bench.scenario.growth.buffer;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import io.leasehold.bench.scenario.growth.measure.Worker.Span;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import java.util.Map;
import java.util.Random;

/// Trims an allocator that has `n` MiB, half of which is free.
record AllocatorTrim() implements GrowthQuestion {

    private static final int BYTES = 1 << 10;
    private static final int OTHERS = 300;
    private static final double MIB = 1 << 20;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                "trim",
                "Trimming an allocator",
                "MiB, half of which is free",
                "µs/MiB returned",
                "N MiB are in buffers of 1 KiB, and half of them was released at random places. Then trim() is"
                        + " called. Decay is off, so that no memory is returned before. Another thread allocates"
                        + " and releases 300 buffers at a time.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(8, 7, 4);
    }

    @Override
    public long touchedBytes(long n) {
        return n << 20;
    }

    @Override
    public Point run(Load load) throws Exception {
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("growth")
                .decay(PageArenaOptions.NO_DECAY)
                .build()) {
            ByteBuf[] buffers = new ByteBuf[Math.toIntExact((load.n() << 20) / BYTES)];
            Load.onLoop(() -> {
                BufferArrays.fill(allocator, buffers, BYTES);
                BufferArrays.release(buffers, 0, buffers.length / 2);
                return buffers;
            });
            Point point;
            try (Worker other = Worker.start(BufferArrays.allocateAndRelease(allocator, BYTES, OTHERS))) {
                point = measure(load, allocator, buffers, other);
            }
            BufferArrays.release(buffers, buffers.length / 2, buffers.length);
            return point;
        }
    }

    private static Point measure(Load load, LeasedByteBufAllocator allocator, ByteBuf[] buffers, Worker other)
            throws Exception {
        trims(load, allocator, buffers, other);
        return trims(load, allocator, buffers, other);
    }

    /// Trims, fills the free half again and frees another half, until the budget is used up.
    private static Point trims(Load load, LeasedByteBufAllocator allocator, ByteBuf[] buffers, Worker other)
            throws Exception {
        Random random = new Random(1);
        Stopwatch watch = new Stopwatch();
        Span span = Span.EMPTY;
        long bytes = 0;
        long end = System.nanoTime() + load.nanos();
        do {
            Load.onLoop(() -> freeAnotherHalf(allocator, buffers, random));
            long[] trimmed = new long[1];
            span = span.plus(other.during(() -> {
                watch.start();
                trimmed[0] = allocator.trim();
                watch.lap();
                watch.stop();
            }));
            bytes += trimmed[0];
        } while (System.nanoTime() < end);
        if (bytes == 0) {
            throw new IllegalStateException("trim returned no memory: calls=" + watch.laps());
        }
        return load.point(
                watch.nanos() / 1e3 / (bytes / MIB),
                span.worstNanos(),
                Map.of("MiB returned by a call", bytes / MIB / watch.laps(), "a call, ms", watch.nanosPerLap() / 1e6));
    }

    private static ByteBuf[] freeAnotherHalf(LeasedByteBufAllocator allocator, ByteBuf[] buffers, Random random) {
        for (int i = 0; i < buffers.length / 2; i++) {
            buffers[i] = BufferArrays.touched(allocator, BYTES);
        }
        BufferArrays.shuffle(buffers, random);
        BufferArrays.release(buffers, 0, buffers.length / 2);
        return buffers;
    }
}
