package io.leasehold.bench.scenario.growth.page;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import io.leasehold.bench.scenario.growth.measure.Worker.Span;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Reads the statistics of a pool with `n` MiB of pages in use.
record RingStats() implements GrowthQuestion {

    private static final int PAUSE_MICROS = 500;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                "ring-stats",
                "Statistics of a jumbo pool",
                "MiB in use",
                "µs/call",
                "N MiB of a pool are in use in pages of 4 KiB, and JumboPool.stats() is called repeatedly, while"
                        + " another thread allocates and frees 200 pages at a time.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(32, 8, 6);
    }

    @Override
    public Point run(Load load) throws Exception {
        try (OutstandingPages pages = OutstandingPages.open(load.n())) {
            Load.onLoop(() -> {
                pages.allocateAll();
                return pages;
            });
            Point point;
            try (Worker other = Worker.start(pages.allocateAndRelease())) {
                call(pages, load, new Stopwatch());
                Stopwatch watch = new Stopwatch();
                Span span = other.during(() -> call(pages, load, watch));
                point = load.point(
                        watch.nanosPerLap() / 1e3,
                        span.worstNanos(),
                        Map.of("worst call, ms", watch.worstNanos() / 1e6));
            }
            pages.releaseAll();
            return point;
        }
    }

    private static void call(OutstandingPages pages, Load load, Stopwatch watch) throws InterruptedException {
        long end = System.nanoTime() + load.nanos();
        do {
            watch.start();
            if (pages.ring().stats() == null) {
                throw new IllegalStateException("no statistics");
            }
            watch.lap();
            watch.stop();
            TimeUnit.MICROSECONDS.sleep(PAUSE_MICROS);
        } while (System.nanoTime() < end);
    }
}
