package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.Watchdog;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SharedRunTest {

    private static final int THREADS = 50;

    @Test
    void callsDuringARunShareTheNextRun() throws Exception {
        Watchdog watchdog = new Watchdog();
        AtomicInteger runs = new AtomicInteger();
        SharedRun[] shared = new SharedRun[1];
        shared[0] = new SharedRun(() -> {
            if (runs.incrementAndGet() == 1) {
                // the first run blocks its thread, virtual or not, until all others have asked
                watchdog.await("all callers", () -> shared[0].asked() == THREADS);
            }
        });
        watchdog.startVirtual("first", shared[0]::run);
        watchdog.await("the first run", () -> runs.get() == 1);
        for (int i = 1; i < THREADS; i++) {
            if (i % 2 == 0) {
                watchdog.start("platform " + i, shared[0]::run);
            } else {
                watchdog.startVirtual("virtual " + i, shared[0]::run);
            }
        }
        watchdog.join();
        assertThat(runs).hasValue(2);
    }

    @Test
    void aCallReturnsAfterARunThatBeganAfterTheCall() throws Exception {
        Watchdog watchdog = new Watchdog();
        AtomicLong events = new AtomicLong();
        AtomicLong seen = new AtomicLong();
        SharedRun shared = new SharedRun(() -> seen.set(events.get()));
        for (int i = 0; i < 8; i++) {
            watchdog.start("caller " + i, () -> {
                for (int n = 0; n < 20_000; n++) {
                    long event = events.incrementAndGet();
                    shared.run();
                    assertThat(seen.get()).isGreaterThanOrEqualTo(event);
                }
            });
        }
        watchdog.join();
    }

    @Test
    void aFailureIsThrownToTheThreadThatRan_othersRunThemselves() throws Exception {
        Watchdog watchdog = new Watchdog();
        AtomicInteger runs = new AtomicInteger();
        SharedRun[] shared = new SharedRun[1];
        shared[0] = new SharedRun(() -> {
            if (runs.incrementAndGet() == 1) {
                watchdog.await("the second caller", () -> shared[0].asked() == 2);
                throw new OutOfMemoryError("injected");
            }
        });
        AtomicInteger failures = new AtomicInteger();
        for (int i = 0; i < 2; i++) {
            watchdog.start("caller " + i, () -> {
                try {
                    shared[0].run();
                } catch (OutOfMemoryError e) {
                    failures.incrementAndGet();
                }
            });
        }
        watchdog.join();
        assertThat(failures).hasValue(1);
        assertThat(runs).hasValue(2);
    }

    @Test
    void anInterruptedCallerWaitsAndStaysInterrupted() throws Exception {
        Watchdog watchdog = new Watchdog();
        CountDownLatch isRunning = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        SharedRun shared = new SharedRun(() -> {
            if (isRunning.getCount() == 0) {
                return; // the second caller may have to run too, and is interrupted
            }
            isRunning.countDown();
            try {
                watchdog.await("the end", mayEnd);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        watchdog.start("first", shared::run);
        watchdog.await("the first run", isRunning);
        AtomicInteger interrupted = new AtomicInteger();
        Thread second = watchdog.start("second", () -> {
            Thread.currentThread().interrupt();
            shared.run();
            interrupted.set(Thread.interrupted() ? 1 : 2);
        });
        watchdog.await("the second caller", () -> shared.asked() == 2);
        second.interrupt();
        assertThat(interrupted).hasValue(0);
        mayEnd.countDown();
        watchdog.join();
        assertThat(interrupted).hasValue(1);
    }

    @Test
    void theWorkMayCallRunAgain() {
        AtomicInteger depth = new AtomicInteger();
        SharedRun[] shared = new SharedRun[1];
        shared[0] = new SharedRun(() -> {
            if (depth.incrementAndGet() == 1) {
                shared[0].run();
            }
        });
        shared[0].run();
        assertThat(depth).hasValue(2);
    }

    @Test
    void failureLeavesTheNextCallFree() {
        AtomicInteger runs = new AtomicInteger();
        SharedRun shared = new SharedRun(() -> {
            if (runs.incrementAndGet() == 1) {
                throw new IllegalStateException("injected");
            }
        });
        assertThatThrownBy(shared::run).hasMessage("injected");
        shared.run();
        assertThat(runs).hasValue(2);
    }
}
