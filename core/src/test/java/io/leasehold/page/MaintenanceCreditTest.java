package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MaintenanceCreditTest {

    private static final long MILLI = 1_000_000;
    private static final long STEP = 5 * MILLI;

    private final MaintenanceCredit credit = new MaintenanceCredit(0);

    @Test
    void aNewThreadHasTheCreditOfTenSeconds() {
        assertThat(work(0)).isBetween(500 * MILLI, 500 * MILLI + STEP);
    }

    @Test
    void workOfALongTimeTakesOneTwentiethOfIt() {
        long worked = work(0);

        for (long second = 1; second <= 100; second++) {
            worked += work(second * 1000 * MILLI);
        }

        assertThat(worked).isBetween(5_500 * MILLI, 5_500 * MILLI + STEP);
    }

    @Test
    void unusedTimeIsSavedForTenSeconds() {
        long first = work(0);
        assertThat(first).isPositive();

        assertThat(work(1_000_000 * MILLI)).isBetween(500 * MILLI - STEP, 500 * MILLI + STEP);
    }

    /// Works at one time until the thread must pause.
    ///
    /// @return the time of the work
    private long work(long now) {
        credit.add(now);
        long worked = 0;
        while (credit.pauseNanos() <= 0) {
            credit.charge(STEP);
            worked += STEP;
        }
        return worked;
    }
}
