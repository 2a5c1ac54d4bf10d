package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Reads the statistics of a pool with `n` MiB of pages in use.
final class RingStats {

    private static final int PAUSE_MICROS = 500;

    private RingStats() {}

    static Point run(Load load) throws Exception {
        try (OutstandingPages pages = OutstandingPages.open(load.n())) {
            Load.onLoop(() -> {
                pages.allocateAll();
                return pages;
            });
            Point point;
            try (Worker other = new Worker(pages.allocateAndRelease())) {
                call(pages, load, new Stopwatch());
                Stopwatch watch = new Stopwatch();
                Stopwatch disturbed = other.during(() -> call(pages, load, watch));
                point = load.point(
                        watch.nanosPerLap() / 1e3,
                        disturbed.worstNanos(),
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
