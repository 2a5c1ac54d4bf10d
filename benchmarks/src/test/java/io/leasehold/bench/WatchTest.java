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
    void stolenTimeBeforeARunCounts() {
        Watch.Ticks before = new Watch.Ticks(0, 0, 0, 0);
        Watch.Ticks start = new Watch.Ticks(100, 10, 30, 10);
        Watch.Ticks last = new Watch.Ticks(1100, 110, 31, 110);

        Conditions conditions = Watch.conditions(0.1, 0.2, before, start, last);

        assertThat(conditions.stealPercent()).isEqualTo(30);
        assertThat(conditions.quality()).isEqualTo(30);
        assertThat(Watch.conditions(0.1, 0.2, before, before, start).stealPercent())
                .isEqualTo(30);
    }

    @Test
    void aBusyMachineIsToldAtTheStart() {
        assertThat(Watch.warning(Conditions.of(0.5, 0.5, 3, 0, 1))).isEmpty();
        assertThat(Watch.warning(Conditions.of(7.5, 7.5, 62, 0, 1)))
                .contains("# The machine is busy, so this run will have no verdicts: other processes use 62 % of the"
                        + " processors, the hypervisor takes 1 %, and the load average is 7.5.");
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
