package io.leasehold.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.result.Conditions;
import org.junit.jupiter.api.Test;

class WatchTest {

    @Test
    void otherWorkMakesARunUnusable() {
        assertThat(Conditions.of(0.3, 2, 1, 3, 0.5).quality()).isZero();
        assertThat(Conditions.of(0.3, 2, 50, 3, 0).quality()).isEqualTo(50);
        assertThat(Conditions.of(0.3, 2, 1, 40, 2).quality()).isEqualTo(42);
        assertThat(Conditions.of(0.3, 2, 1, 1, 20).quality()).isEqualTo(21);
    }

    @Test
    void sharesAreSharesAndWorkOfThisProcessIsItsOwn() throws InterruptedException {
        Conditions conditions;
        try (Watch watch = new Watch()) {
            long end = System.nanoTime() + 700_000_000L;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            conditions = watch.stop();
        }

        assertThat(conditions.othersPercent()).isBetween(0.0, 100.0);
        assertThat(conditions.othersBeforePercent()).isBetween(0.0, 100.0);
        assertThat(conditions.stealPercent()).isBetween(0.0, 100.0);
        assertThat(conditions.loadHighest()).isGreaterThanOrEqualTo(conditions.loadBefore());
    }
}
