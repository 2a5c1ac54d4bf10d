package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// A report that takes 100 us to make, by the clock of the test.
class RationedTest {

    private static final long COST = TimeUnit.MICROSECONDS.toNanos(100);

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - COST);
    private final AtomicInteger made = new AtomicInteger();
    private final Rationed<String> text = new Rationed<>(
            () -> {
                now.addAndGet(COST);
                return "text " + made.incrementAndGet();
            },
            now::get);

    @Test
    void reportIsMadeAnewWhenItIsAskedForNowAndThen() {
        for (int i = 1; i <= 1_000; i++) {
            now.addAndGet(20 * COST);
            assertThat(text.get()).isEqualTo("text " + i);
        }
    }

    @Test
    void floodSharesAReportAndCostsAPartOfTheTime() {
        long begin = now.get();
        while (now.get() - begin < TimeUnit.SECONDS.toNanos(1)) {
            now.addAndGet(TimeUnit.MICROSECONDS.toNanos(1));
            text.get();
        }
        assertThat(made.get() * COST)
                .as("nanoseconds of a second, beside those that were saved up")
                .isBetween(TimeUnit.MILLISECONDS.toNanos(50), TimeUnit.MILLISECONDS.toNanos(75));
    }

    @Test
    void burstOfErrorsAfterAQuietTimeIsExact() {
        now.addAndGet(TimeUnit.SECONDS.toNanos(10));
        for (int i = 1; i <= 100; i++) {
            assertThat(text.get()).isEqualTo("text " + i);
        }
    }
}
