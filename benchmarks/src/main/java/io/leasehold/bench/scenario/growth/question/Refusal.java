package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import io.leasehold.netty.BufferMemoryError;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Rejects a request of 1 MiB: the limit of `n` MiB is used up by buffers of 256 B, and the free quarter consists of
/// holes.
final class Refusal {

    private static final int SMALL_BYTES = 256;
    private static final int LARGE_BYTES = 1 << 20;
    private static final int CACHED = 8;

    private Refusal() {}

    static Point run(Load load) throws Exception {
        try (LeasedByteBufAllocator allocator = Load.openLimited(load.n() << 20)) {
            List<ByteBuf> small = Load.onLoop(() -> BufferArrays.fillAndFreeQuarter(allocator, SMALL_BYTES));
            ConcurrentLinkedQueue<ByteBuf> large = new ConcurrentLinkedQueue<>();
            Stopwatch.Work refused = watch -> request(allocator, large, watch);
            Stopwatch.Work cached = BufferArrays.allocateAndRelease(allocator, SMALL_BYTES, CACHED);

            Point point;
            try (Worker other = new Worker(cached)) {
                other.during(load, 0.5);
                Stopwatch alone = other.during(load, 0.5);
                Stopwatch disturbed;
                try (Worker first = new Worker(refused);
                        Worker second = new Worker(refused)) {
                    first.during(load, 0.2);
                    second.during(load, 0.2);
                    disturbed = other.during(load, 1);
                }
                point = point(load, refused, alone, disturbed);
            }
            small.forEach(ByteBuf::release);
            large.forEach(ByteBuf::release);
            return point;
        }
    }

    private static Point point(Load load, Stopwatch.Work refused, Stopwatch alone, Stopwatch disturbed)
            throws Exception {
        try (Worker only = new Worker(refused)) {
            only.during(load, 0.5);
            Stopwatch refusals = only.during(load, 1);
            Map<String, Double> others = new LinkedHashMap<>();
            others.put("worst rejection, ms", refusals.worstNanos() / 1e6);
            others.putAll(Worker.rates(alone, disturbed));
            return load.point(refusals.nanosPerLap() / 1e3, disturbed.worstNanos(), others);
        }
    }

    /// Repeats requests until one is rejected. The first ones may succeed, with blocks that were free.
    private static void request(
            LeasedByteBufAllocator allocator, ConcurrentLinkedQueue<ByteBuf> large, Stopwatch watch) {
        boolean isRefused = false;
        while (!isRefused) {
            try {
                watch.start();
                large.add(allocator.directBuffer(LARGE_BYTES, LARGE_BYTES));
            } catch (BufferMemoryError e) {
                watch.lap();
                isRefused = true;
            }
        }
    }
}
