package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.page.Watchdog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    private static JumboFixture fixture() {
        return new JumboFixture(
                JumboFixture.options(BufferSize.KIB_64).toBuilder()
                        .pages(0, PAGES)
                        .build(),
                1);
    }

    @ParameterizedTest
    @EnumSource
    void waiterIsWokenByWhateverFreesAPage(Ending ending) throws InterruptedException {
        try (JumboFixture fixture = fixture()) {
            for (boolean virtual : new boolean[] {false, true}) {
                List<Long> handles = fixture.exhaust();
                assertThat(handles).isNotEmpty();
                Runnable last = ending.prepare(fixture.pool(), handles.removeFirst());
                AtomicInteger notified = new AtomicInteger();
                fixture.pool().whenFree(notified::incrementAndGet);
                assertThat(notified.get()).as("there is none").isZero();
                Watchdog watchdog = new Watchdog();
                if (virtual) {
                    watchdog.startVirtual("ending", last::run);
                } else {
                    watchdog.start("ending", last::run);
                }
                watchdog.join();
                assertThat(notified.get()).as("notified once by %s", ending).isOne();
                handles.addAll(fixture.allocate(1));
                fixture.release(handles);
                fixture.check();
            }
        }
    }

    /// The page is in the slot of a thread that lost its core there, so the drain for the task skips it.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void taskIsNotifiedOfAPageInASlotThatWasBusy(boolean decays) throws InterruptedException {
        JumboOptions options = JumboFixture.options(BufferSize.KIB_64).toBuilder()
                .pages(0, PAGES)
                .build();
        try (JumboFixture fixture = decays ? new JumboFixture(options, 1) : JumboFixture.withoutDecay(options, 1)) {
            Shards shards = fixture.pool().supply().shards();
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch leave = new CountDownLatch(1);
            List<Long> handles = new ArrayList<>();
            Watchdog watchdog = new Watchdog();
            watchdog.start("receiver", () -> {
                handles.addAll(fixture.exhaust());
                int[] cells = Objects.requireNonNull(shards.slots().enter());
                inside.countDown();
                watchdog.await("the task", leave);
                BiasedSlots.exit(cells);
            });
            watchdog.await("a slot that is busy", inside);
            fixture.pool().free(handles.removeFirst()); // into the queue of the busy shard
            AtomicInteger notified = new AtomicInteger();
            fixture.pool().whenFree(notified::incrementAndGet);
            assertThat(notified.get()).as("while the slot is busy").isZero();
            leave.countDown();
            watchdog.join();
            fixture.decay(1);
            assertThat(notified.get()).as("in the next tick").isOne();
            fixture.release(handles);
            fixture.check();
        }
    }

    @Test
    void taskIsNotifiedAtOnceIfAPageIsFree() throws InterruptedException {
        try (JumboFixture fixture = fixture()) {
            List<Long> handles = fixture.exhaust();
            fixture.pool().free(handles.removeFirst()); // into the magazine of this thread
            assertThat(fixture.pool().awaitFree(Duration.ZERO)).isTrue();
            assertThat(fixture.pool().awaitFree(LONG)).isTrue();
            fixture.release(handles);
            fixture.check();
        }
    }

    @Test
    void taskOfAWaitThatTimesOutIsRemovedAndPagesAreCachedAgain() throws InterruptedException {
        try (JumboFixture fixture = fixture()) {
            List<Long> handles = fixture.exhaust();
            assertThat(fixture.pool().awaitFree(Duration.ofNanos(1))).isFalse();
            assertThat(fixture.pool().supply().isPressed()).isFalse();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> fixture.pool().awaitFree(Duration.ofSeconds(-1)))
                    .withMessageContaining("-1");
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> fixture.pool().awaitFree(LONG)).isInstanceOf(InterruptedException.class);
            assertThat(fixture.pool().supply().isPressed()).isFalse();
            fixture.release(handles);
        }
    }

    @Test
    void waiterIsNotifiedThatThePoolIsClosed() throws InterruptedException {
        try (JumboFixture fixture = fixture()) {
            List<Long> handles = fixture.exhaust();
            Watchdog watchdog = new Watchdog();
            watchdog.start(
                    "waiter",
                    () -> JumboFixture.refused(
                            StateKind.CLOSED, () -> fixture.pool().awaitFree(LONG)));
            watchdog.await("waiting", () -> fixture.pool().supply().isPressed());
            assertThat(fixture.pool().closeForcibly()).isEqualTo(handles.size());
            watchdog.join();
            JumboFixture.refused(StateKind.CLOSED, () -> fixture.pool().whenFree(() -> {}));
        }
    }

    @Test
    void taskThatFailsDoesNotBlockOtherTasks() {
        try (JumboFixture fixture = fixture()) {
            List<Long> handles = fixture.exhaust();
            AtomicInteger notified = new AtomicInteger();
            fixture.pool().whenFree(() -> {
                throw new IllegalStateException("thrown on purpose, and logged once");
            });
            fixture.pool().whenFree(notified::incrementAndGet);
            fixture.release(handles);
            assertThat(notified.get()).isOne();
        }
    }

    /// More threads than pages: the threads wait for each other, but no thread waits for ever.
    @Test
    void noNotificationIsLost() throws InterruptedException {
        JumboOptions options =
                JumboFixture.options(BufferSize.KIB_64).toBuilder().pages(0, 2).build();
        try (JumboFixture fixture = new JumboFixture(options, 1)) {
            Watchdog watchdog = new Watchdog();
            AtomicInteger waits = new AtomicInteger();
            List<Long> first = fixture.exhaust(); // so that threads wait
            for (int t = 0; t < 6; t++) {
                Watchdog.Task task = () -> {
                    List<Long> mine = new ArrayList<>();
                    for (int i = 0; i < 300; i++) {
                        long handle = fixture.pool().tryAllocate();
                        while (handle < 0) {
                            waits.incrementAndGet();
                            assertThat(fixture.pool().awaitFree(LONG)).isTrue();
                            handle = fixture.pool().tryAllocate();
                        }
                        mine.add(handle);
                        Thread.yield();
                        fixture.release(mine);
                    }
                };
                if (t % 2 == 0) {
                    watchdog.start("platform " + t, task);
                } else {
                    watchdog.startVirtual("virtual " + t, task);
                }
            }
            watchdog.await("waiting", () -> waits.get() > 0);
            fixture.release(first);
            watchdog.join();
            assertThat(fixture.pool().supply().isPressed()).isFalse();
            fixture.check();
        }
    }

    /// A task that needs its page for a moment only frees it, and so notifies the next task.
    @Test
    void tasksAreNotNotifiedInsideEachOther() {
        try (JumboFixture fixture = fixture()) {
            JumboPool<JumboView> pool = fixture.pool();
            List<Long> handles = fixture.exhaust();
            int count = 20_000;
            int[] calls = new int[3]; // in all, on the stack, and their maximum
            for (int i = 0; i < count; i++) {
                pool.whenFree(() -> {
                    calls[0]++;
                    calls[2] = Math.max(calls[2], ++calls[1]);
                    long handle = pool.tryAllocate();
                    if (handle >= 0) {
                        pool.free(handle);
                    }
                    calls[1]--;
                });
            }
            pool.free(handles.removeFirst());
            assertThat(calls).as("all are notified, one after the other").containsExactly(count, 0, 1);
            assertThat(fixture.isPressed()).isFalse();
            fixture.release(handles);
            fixture.check();
        }
    }

    /// The first task frees all pages and allocates them again. The second task finds none, and waits again.
    @Test
    void taskIsNotNotifiedOfPagesAgainThatAreTaken() {
        try (JumboFixture fixture = fixture()) {
            JumboPool<JumboView> pool = fixture.pool();
            List<Long> handles = fixture.exhaust();
            assertThat(handles).hasSize(PAGES);
            pool.whenFree(() -> {
                fixture.release(handles);
                handles.clear();
                handles.addAll(fixture.exhaust());
            });
            int[] calls = new int[1];
            List<Long> taken = new ArrayList<>();
            Runnable[] task = new Runnable[1];
            task[0] = () -> {
                calls[0]++;
                long handle = pool.tryAllocate();
                if (handle == JumboPool.NONE) {
                    pool.whenFree(task[0]);
                } else {
                    taken.add(handle);
                }
            };
            pool.whenFree(task[0]);
            pool.free(handles.removeFirst());
            assertThat(handles).as("pages of the first task").hasSize(PAGES);
            assertThat(calls[0]).as("calls: one for each free and allocation").isBetween(1, 2 * PAGES);
            pool.free(handles.removeFirst());
            assertThat(taken).as("pages of the second task").hasSize(1);
            assertThat(fixture.isPressed()).as("a task waits").isFalse();
            fixture.release(taken);
            fixture.release(handles);
            fixture.check();
        }
    }
}
