package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import java.util.Random;

/// Acquires windows of random parts of a file that is larger than all `n` windows.
final class WindowLoan {

    private static final int LOANS = 64;

    private WindowLoan() {}

    static GrowthQuestion question() {
        return GrowthQuestion.of("windows", new GrowthRange(125, 7, 6), WindowLoan::run);
    }

    private static Point run(Load load) throws Exception {
        try (RecycledWindows windows = RecycledWindows.open(load.count())) {
            return Load.onLoop(() -> {
                Random random = new Random(1);
                return load.measure(LOANS, () -> windows.acquireAtRandom(random));
            });
        }
    }
}
