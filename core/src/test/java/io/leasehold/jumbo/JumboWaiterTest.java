package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.page.Watchdog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A thread or task that finds no page is notified when a page is free, whichever thread frees it and in whatever way,
/// without watermarks.
class JumboWaiterTest {

    private static final Duration LONG = Duration.ofSeconds(Watchdog.LIMIT_SECONDS);
    private static final int PAGES = 8;

    /// The ways in which a page or room for a page becomes available.
    enum Ending {
        RELEASE,
        UNHOLD,
        STEAL,
        FLIP,
        ADOPT;

        /// Does all steps but the last.
        Runnable prepare(JumboPool<JumboView> pool, long handle) {
            return switch (this) {
                case RELEASE -> () -> pool.free(handle);
                case UNHOLD -> {
                    pool.hold(handle);
                    pool.free(handle);
                    yield () -> pool.unhold(handle);
                }
                case STEAL -> () -> pool.exchange().adopt(pool.exchange().steal(handle));
                case FLIP -> {
                    long consumers = pool.exchange().flip(handle, 0, pool.pageByteSize(), 0);
                    yield () -> {
                        pool.free(handle);
                        pool.exchange().adopt(consumers);
                    };
                }
                case ADOPT -> {
                    long consumers = pool.exchange().flip(handle, 0, pool.pageByteSize(), 0);
                    yield () -> {
                        pool.exchange().adopt(consumers); // the message has the page again
                        pool.free(handle);
                    };
                }
            };
        }
    }

    private static JumboBed bed() {
        return new JumboBed(
                JumboBed.options(BufferSize.KIB_64).toBuilder().pages(0, PAGES).build(), 1);
    }

    @ParameterizedTest
    @EnumSource
    void waiterIsWokenByWhateverFreesAPage(Ending ending) throws InterruptedException {
        try (JumboBed bed = bed()) {
            for (boolean virtual : new boolean[] {false, true}) {
                List<Long> handles = bed.exhaust();
                assertThat(handles).isNotEmpty();
                Runnable last = ending.prepare(bed.pool(), handles.removeFirst());
                AtomicInteger notified = new AtomicInteger();
                bed.pool().whenFree(notified::incrementAndGet);
                assertThat(notified.get()).as("there is none").isZero();
                Watchdog watchdog = new Watchdog();
                if (virtual) {
                    watchdog.startVirtual("ending", last::run);
                } else {
                    watchdog.start("ending", last::run);
                }
                watchdog.join();
                assertThat(notified.get()).as("notified once by %s", ending).isOne();
                handles.addAll(bed.allocate(1));
                bed.release(handles);
                bed.check();
            }
        }
    }

    @Test
    void taskIsNotifiedAtOnceIfAPageIsFree() throws InterruptedException {
        try (JumboBed bed = bed()) {
            List<Long> handles = bed.exhaust();
            bed.pool().free(handles.removeFirst()); // into the magazine of this thread
            assertThat(bed.pool().awaitFree(Duration.ZERO)).isTrue();
            assertThat(bed.pool().awaitFree(LONG)).isTrue();
            bed.release(handles);
            bed.check();
        }
    }

    @Test
    void taskOfAWaitThatTimesOutIsRemovedAndPagesAreCachedAgain() throws InterruptedException {
        try (JumboBed bed = bed()) {
            List<Long> handles = bed.exhaust();
            assertThat(bed.pool().awaitFree(Duration.ofNanos(1))).isFalse();
            assertThat(bed.pool().supply().isPressed()).isFalse();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> bed.pool().awaitFree(Duration.ofSeconds(-1)))
                    .withMessageContaining("-1");
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> bed.pool().awaitFree(LONG)).isInstanceOf(InterruptedException.class);
            assertThat(bed.pool().supply().isPressed()).isFalse();
            bed.release(handles);
        }
    }

    @Test
    void waiterIsNotifiedThatThePoolIsClosed() throws InterruptedException {
        try (JumboBed bed = bed()) {
            List<Long> handles = bed.exhaust();
            Watchdog watchdog = new Watchdog();
            watchdog.start(
                    "waiter",
                    () -> JumboBed.refused(StateKind.CLOSED, () -> bed.pool().awaitFree(LONG)));
            watchdog.await("waiting", () -> bed.pool().supply().isPressed());
            assertThat(bed.pool().closeForcibly()).isEqualTo(handles.size());
            watchdog.join();
            JumboBed.refused(StateKind.CLOSED, () -> bed.pool().whenFree(() -> {}));
        }
    }

    @Test
    void taskThatFailsDoesNotBlockOtherTasks() {
        try (JumboBed bed = bed()) {
            List<Long> handles = bed.exhaust();
            AtomicInteger notified = new AtomicInteger();
            bed.pool().whenFree(() -> {
                throw new IllegalStateException("thrown on purpose, and logged once");
            });
            bed.pool().whenFree(notified::incrementAndGet);
            bed.release(handles);
            assertThat(notified.get()).isOne();
        }
    }

    /// More threads than pages: the threads wait for each other, but no thread waits for ever.
    @Test
    void noNotificationIsLost() throws InterruptedException {
        JumboOptions options =
                JumboBed.options(BufferSize.KIB_64).toBuilder().pages(0, 2).build();
        try (JumboBed bed = new JumboBed(options, 1)) {
            Watchdog watchdog = new Watchdog();
            AtomicInteger waits = new AtomicInteger();
            List<Long> first = bed.exhaust(); // so that threads wait
            for (int t = 0; t < 6; t++) {
                Watchdog.Task task = () -> {
                    List<Long> mine = new ArrayList<>();
                    for (int i = 0; i < 300; i++) {
                        long handle = bed.pool().tryAllocate();
                        while (handle < 0) {
                            waits.incrementAndGet();
                            assertThat(bed.pool().awaitFree(LONG)).isTrue();
                            handle = bed.pool().tryAllocate();
                        }
                        mine.add(handle);
                        Thread.yield();
                        bed.release(mine);
                    }
                };
                if (t % 2 == 0) {
                    watchdog.start("platform " + t, task);
                } else {
                    watchdog.startVirtual("virtual " + t, task);
                }
            }
            watchdog.await("waiting", () -> waits.get() > 0);
            bed.release(first);
            watchdog.join();
            assertThat(bed.pool().supply().isPressed()).isFalse();
            bed.check();
        }
    }
}
