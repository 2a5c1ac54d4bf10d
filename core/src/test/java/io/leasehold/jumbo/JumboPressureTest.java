package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The listener is notified when too many pages are in use and when few are in use again, whichever thread releases
/// them.
class JumboPressureTest {

    private final List<Boolean> notified = new ArrayList<>();

    private JumboFixture fixture(int low, int high, int maxPages, PressureListener listener) {
        return new JumboFixture(
                JumboFixture.options(BufferSize.KIB_4).toBuilder()
                        .pages(0, maxPages)
                        .watermarks(low, high, listener)
                        .build(),
                2);
    }

    @Test
    void listenerIsNotifiedAtBothWatermarks() {
        try (JumboFixture fixture = fixture(20, 100, 0, notified::add)) {
            List<Long> handles = fixture.allocate(99);
            assertThat(notified).as("cached pages count as in use").hasSizeLessThanOrEqualTo(1);
            handles.addAll(fixture.allocate(1));
            assertThat(notified).containsExactly(true);
            handles.addAll(fixture.allocate(100));
            for (int out = 199; out > 20; out--) {
                fixture.pool().free(handles.removeLast());
                assertThat(notified).as("with %d in use", out).containsExactly(true);
            }
            fixture.pool().free(handles.removeLast());
            assertThat(notified).hasSizeBetween(1, 2);
            fixture.pool().free(handles.removeLast());
            assertThat(notified).containsExactly(true, false);
            fixture.release(handles);
            fixture.release(fixture.allocate(150));
            assertThat(notified).containsExactly(true, false, true, false);
            fixture.check();
        }
    }

    /// Armed pages do not count, because no reader could give one back.
    @Test
    void armedPagesDoNotCountAsInUse() throws InterruptedException {
        try (JumboFixture fixture = fixture(4, 40, 0, notified::add)) {
            List<Long> armed = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                armed.addAll(fixture.allocate(1));
                fixture.pool().arm(armed.getLast());
            }
            assertThat(notified).isEmpty();
            Watchdog watchdog = new Watchdog();
            watchdog.startVirtual(
                    "device", () -> armed.forEach(fixture.pool()::receive)); // in another slot than the arming
            watchdog.join();
            fixture.check();
            List<Long> more = fixture.allocate(64); // more than a magazine has
            assertThat(notified).containsExactly(true);
            armed.subList(4, 200).forEach(fixture.pool()::arm);
            fixture.release(more);
            assertThat(notified)
                    .as("few are in use, though 200 are outstanding")
                    .containsExactly(true, false);
            armed.subList(4, 200).forEach(fixture.pool()::receive);
            fixture.release(armed);
            fixture.check();
        }
    }

    /// Arming the page of the last reader reduces the count.
    @Test
    void armingBringsTheCountDownToo() {
        try (JumboFixture fixture = fixture(4, 40, 0, notified::add)) {
            List<Long> handles = fixture.allocate(100);
            assertThat(notified).containsExactly(true);
            handles.subList(4, 100).forEach(fixture.pool()::arm);
            assertThat(notified).containsExactly(true, false);
            handles.subList(4, 100).forEach(fixture.pool()::receive);
            fixture.release(handles);
        }
    }

    /// The loop that allocated the pages stops reading, so it allocates no page and drains no queue any more.
    @Test
    void otherThreadsReleaseThePagesOfAnIdleThread() throws InterruptedException {
        try (JumboFixture fixture = fixture(10, 60, 64, notified::add)) {
            List<Long> handles = new ArrayList<>();
            Watchdog watchdog = new Watchdog();
            CountDownLatch taken = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            watchdog.start("loop", () -> {
                handles.addAll(fixture.exhaust());
                taken.countDown();
                watchdog.await("the end", done);
            });
            watchdog.await("pages taken", taken);
            assertThat(handles).hasSize(64);
            assertThat(notified).containsExactly(true);
            watchdog.startVirtual("consumer", () -> fixture.release(handles));
            watchdog.await("low again", () -> notified.size() == 2);
            assertThat(notified).containsExactly(true, false);
            done.countDown();
            watchdog.join();
            fixture.check();
        }
    }

    @Test
    void exhaustedMemoryIsPressureToo() {
        try (JumboFixture fixture = fixture(10, 10_000, 0, notified::add)) {
            List<Long> handles = fixture.exhaust();
            assertThat(notified).containsExactly(true);
            fixture.release(handles);
            assertThat(notified).containsExactly(true, false);
        }
    }

    @Test
    void listenerMayUseThePoolAndMayFail() {
        JumboFixture[] fixture = new JumboFixture[1];
        PressureListener listener = isHigh -> {
            notified.add(isHigh);
            long handle = fixture[0].pool().tryAllocate();
            if (handle >= 0) {
                fixture[0].pool().free(handle);
            }
            throw new IllegalStateException("thrown on purpose, and logged once");
        };
        try (JumboFixture opened = fixture(10, 50, 0, listener)) {
            fixture[0] = opened;
            for (int round = 0; round < 3; round++) {
                opened.release(opened.allocate(80));
            }
            assertThat(notified).containsExactly(true, false, true, false, true, false);
            opened.check();
        }
    }

    /// A listener that frees pages ends the pressure, and gets to know it when it has returned.
    @Test
    void listenerIsNotCalledInsideItself() {
        List<Long> handles = new ArrayList<>();
        int[] calls = new int[2]; // on the stack, and their maximum
        JumboFixture[] fixture = new JumboFixture[1];
        PressureListener listener = isHigh -> {
            calls[1] = Math.max(calls[1], ++calls[0]);
            notified.add(isHigh);
            if (isHigh) {
                fixture[0].release(handles);
            }
            calls[0]--;
        };
        try (JumboFixture opened = fixture(10, 50, 0, listener)) {
            fixture[0] = opened;
            for (int i = 0; i < 80; i++) {
                handles.addAll(opened.allocate(1));
            }
            assertThat(notified).as("pages were freed in the first call").startsWith(true, false);
            opened.release(handles);
            assertThat(notified.getLast()).isFalse();
            assertThat(calls).containsExactly(0, 1);
            opened.check();
        }
    }

    /// A receiver that got the last page allowed has been stopped when it comes back for the next one.
    @Test
    void allocationWaitsUntilTheListenerKnowsOfThePressure() throws InterruptedException {
        List<Long> handles = new ArrayList<>();
        List<Boolean> known = new ArrayList<>();
        JumboFixture[] fixture = new JumboFixture[1];
        Thread receiver = new Thread(() -> {
            handles.addAll(fixture[0].allocate(50));
            known.addAll(notified);
        });
        PressureListener listener = isHigh -> {
            notified.add(isHigh);
            if (!isHigh && receiver.getState() == Thread.State.NEW) {
                receiver.start();
                while (receiver.getState() == Thread.State.RUNNABLE) {
                    Thread.onSpinWait();
                }
            }
        };
        try (JumboFixture opened = fixture(10, 50, 0, listener)) {
            fixture[0] = opened;
            opened.release(opened.allocate(50));
            receiver.join();
            assertThat(known).containsExactly(true, false, true);
            opened.release(handles);
            opened.check();
        }
    }

    /// Each listener ends the pressure of the other pool, whose listener is running.
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void listenersThatFreePagesOfEachOthersPoolDoNotWaitForEachOther() throws InterruptedException {
        CyclicBarrier both = new CyclicBarrier(2);
        List<List<Long>> handles = List.of(new ArrayList<>(), new ArrayList<>());
        List<List<Boolean>> heard = List.of(new ArrayList<>(), new ArrayList<>());
        JumboFixture[] fixtures = new JumboFixture[2];
        try (JumboFixture first = fixture(10, 50, 0, isHigh -> free(isHigh, 0, both, fixtures, handles, heard));
                JumboFixture second = fixture(10, 50, 0, isHigh -> free(isHigh, 1, both, fixtures, handles, heard))) {
            fixtures[0] = first;
            fixtures[1] = second;
            handles.get(0).addAll(first.allocate(40));
            handles.get(1).addAll(second.allocate(40));
            List<Long> more = new ArrayList<>();
            Thread other = new Thread(() -> more.addAll(second.allocate(10)));
            other.start();
            List<Long> mine = first.allocate(10);
            other.join();
            first.release(mine);
            second.release(more);
            assertThat(heard).allSatisfy(calls -> assertThat(calls).containsExactly(true, false));
            first.check();
            second.check();
        }
    }

    private static void free(
            boolean isHigh,
            int pool,
            CyclicBarrier both,
            JumboFixture[] fixtures,
            List<List<Long>> handles,
            List<List<Boolean>> heard) {
        heard.get(pool).add(isHigh);
        if (isHigh) {
            await(both);
            fixtures[1 - pool].release(handles.get(1 - pool));
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Changes that end before the listener returns are not reported.
    @Test
    void listenerThatLeavesThePressureAsItWasIsNotCalledAgain() {
        List<Long> handles = new ArrayList<>();
        JumboFixture[] fixture = new JumboFixture[1];
        PressureListener listener = isHigh -> {
            notified.add(isHigh);
            if (isHigh) {
                fixture[0].release(handles);
                handles.addAll(fixture[0].allocate(80));
            }
        };
        try (JumboFixture opened = fixture(10, 50, 0, listener)) {
            fixture[0] = opened;
            while (notified.isEmpty()) {
                handles.addAll(opened.allocate(1));
            }
            assertThat(notified).containsExactly(true);
            opened.release(handles);
            assertThat(notified).containsExactly(true, false);
            opened.check();
        }
    }
}
