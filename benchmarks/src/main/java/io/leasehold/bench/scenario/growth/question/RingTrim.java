package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Worker;
import java.util.Map;

/// Trims a pool after `n` MiB of its pages were freed.
final class RingTrim {

    private RingTrim() {}

    static Point run(Load load) throws Exception {
        try (OutstandingPages pages = OutstandingPages.open(load.n());
                Worker other = new Worker(pages.allocateAndRelease())) {
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
