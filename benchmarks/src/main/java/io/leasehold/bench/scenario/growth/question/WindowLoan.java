package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import java.util.Random;

/// Acquires windows of random parts of a file that is larger than all `n` windows.
final class WindowLoan {

    private static final int LOANS = 64;

    private WindowLoan() {}

    static Point run(Load load) throws Exception {
        try (RecycledWindows windows = new RecycledWindows(load.count())) {
            return Load.onLoop(() -> {
                Random random = new Random(1);
                return load.measure(LOANS, () -> windows.acquireAtRandom(random));
            });
        }
    }
}
