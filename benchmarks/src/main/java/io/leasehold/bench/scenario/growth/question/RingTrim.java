package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Worker;
import java.util.Map;

/// Trims a pool after `n` MiB of its pages were freed.
final class RingTrim {

    private RingTrim() {}

    static GrowthQuestion question() {
        return GrowthQuestion.of("ring-trim", new GrowthRange(32, 8, 6), RingTrim::run);
    }

    private static Point run(Load load) throws Exception {
        try (OutstandingPages pages = OutstandingPages.open(load.n());
                Worker other = Worker.start(pages.allocateAndRelease())) {
            Trims trims = Trims.measure(
                    load,
                    other,
                    () -> {
                        pages.allocateAll();
                        pages.releaseAll();
                        return pages;
                    },
                    pages.ring()::trim);
            return load.point(
                    trims.watch().nanosPerLap() / 1e3,
                    trims.other().worstNanos(),
                    Map.of(
                            "MiB returned by a call",
                            trims.mibPerCall(),
                            "worst call, ms",
                            trims.watch().worstNanos() / 1e6));
        }
    }
}
