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

/// Trims a pool after `n` MiB of its pages were freed.
record RingTrim() implements GrowthQuestion {

    private static final double MIB = 1 << 20;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                        "ring-trim",
                        "Trimming a jumbo pool",
                        "MiB to return",
                        "µs/call",
                        "N MiB of a pool were in use in pages of 4 KiB and were freed in random order. Then"
                                + " JumboPool.trim() returns all of it, while another thread allocates and frees"
                                + " 200 pages at a time. Decay is off.")
                .touchingAll();
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(32, 8, 6);
    }

    @Override
    public Point run(Load load) throws Exception {
        try (OutstandingPages pages = OutstandingPages.open(load.n());
                Worker other = Worker.start(pages.allocateAndRelease())) {
            trims(pages, load, other);
            return trims(pages, load, other);
        }
    }

    private static Point trims(OutstandingPages pages, Load load, Worker other) throws Exception {
        Stopwatch watch = new Stopwatch();
        Span span = Span.EMPTY;
        long bytes = 0;
        long end = System.nanoTime() + load.nanos();
        do {
            Load.onLoop(() -> {
                pages.allocateAll();
                pages.releaseAll();
                return pages;
            });
            long[] trimmed = new long[1];
            span = span.plus(other.during(() -> {
                watch.start();
                trimmed[0] = pages.ring().trim();
                watch.lap();
                watch.stop();
            }));
            bytes += trimmed[0];
        } while (System.nanoTime() < end);
        double mib = bytes / MIB / watch.laps();
        return load.point(
                watch.nanosPerLap() / 1e3,
                span.worstNanos(),
                Map.of("MiB returned by a call", mib, "worst call, ms", watch.worstNanos() / 1e6));
    }
}
