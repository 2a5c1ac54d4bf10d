package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import org.junit.jupiter.api.Test;

class StripedCounterTest {

    private static final int THREADS = 9;
    private static final int CHANGES = 10_000;

    @Test
    void noChangeIsLostWhereverThreadsMeet() throws Exception {
        StripedCounter counter = new StripedCounter();
        Watchdog watchdog = new Watchdog();
        for (int thread = 0; thread < THREADS; thread++) {
            watchdog.start("counts", () -> {
                for (int i = 0; i < CHANGES; i++) {
                    counter.add(3);
                    counter.increment();
                    counter.decrement();
                    counter.decrement();
                }
            });
        }
        watchdog.join();
        assertThat(counter.sum()).isEqualTo(2L * THREADS * CHANGES);
    }
}
