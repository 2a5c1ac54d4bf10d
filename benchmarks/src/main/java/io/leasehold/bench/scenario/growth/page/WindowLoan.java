package io.leasehold.bench.scenario.growth.page;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import java.io.IOException;
import java.util.Map;
import java.util.Random;

/// Acquires windows of random parts of a file that is larger than all `n` windows.
record WindowLoan() implements GrowthQuestion {

    private static final int LOANS = 64;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                "windows",
                "Recycled file windows",
                "windows",
                "ns/loan",
                "A cache has N windows of 4 KiB, and a file is four times as large as all of them. A window of a"
                        + " random part is acquired and released, so three of four acquires have to recycle a"
                        + " window.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(125, 7, 6);
    }

    @Override
    public Point run(Load load) throws Exception {
        try (RecycledWindows windows = RecycledWindows.open(load.count())) {
            return Load.onLoop(() -> {
                Random random = new Random(1);
                acquire(windows, random, load.nanos());
                Stopwatch watch = acquire(windows, random, load.nanos());
                return load.point(watch.nanosPerLap(), watch.worstNanos(), Map.of());
            });
        }
    }

    private static Stopwatch acquire(RecycledWindows windows, Random random, long nanos) throws IOException {
        Stopwatch watch = new Stopwatch();
        watch.start();
        do {
            for (int i = 0; i < LOANS; i++) {
                windows.acquireAtRandom(random);
                watch.lap();
            }
            watch.stop();
        } while (watch.nanos() < nanos);
        return watch;
    }
}
