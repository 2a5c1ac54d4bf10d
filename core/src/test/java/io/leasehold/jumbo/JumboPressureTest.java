package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// The listener is notified when too many pages are in use and when few are in use again, whichever thread releases
/// them.
class JumboPressureTest {

    private final List<Boolean> notified = new ArrayList<>();

    private JumboBed bed(int low, int high, int maxPages, PressureListener listener) {
        return new JumboBed(
                JumboBed.options(BufferSize.KIB_4).toBuilder()
                        .pages(0, maxPages)
                        .watermarks(low, high, listener)
                        .build(),
                2);
    }

    @Test
    void listenerIsNotifiedAtBothWatermarks() {
        try (JumboBed bed = bed(20, 100, 0, notified::add)) {
            List<Long> handles = bed.allocate(99);
            assertThat(notified).as("cached pages count as in use").hasSizeLessThanOrEqualTo(1);
            handles.addAll(bed.allocate(1));
            assertThat(notified).containsExactly(true);
            handles.addAll(bed.allocate(100));
            for (int out = 199; out > 20; out--) {
                bed.pool().free(handles.removeLast());
                assertThat(notified).as("with %d in use", out).containsExactly(true);
            }
            bed.pool().free(handles.removeLast());
            assertThat(notified).hasSizeBetween(1, 2);
            bed.pool().free(handles.removeLast());
            assertThat(notified).containsExactly(true, false);
            bed.release(handles);
            bed.release(bed.allocate(150));
            assertThat(notified).containsExactly(true, false, true, false);
            bed.check();
        }
    }

    /// Armed pages do not count, because no reader could give one back.
    @Test
    void armedPagesDoNotCountAsInUse() throws InterruptedException {
        try (JumboBed bed = bed(4, 40, 0, notified::add)) {
            List<Long> armed = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                armed.addAll(bed.allocate(1));
                bed.pool().arm(armed.getLast());
            }
            assertThat(notified).isEmpty();
            Watchdog watchdog = new Watchdog();
            watchdog.startVirtual(
                    "device", () -> armed.forEach(bed.pool()::receive)); // in another slot than the arming
            watchdog.join();
            bed.check();
            List<Long> more = bed.allocate(64); // more than a magazine has
            assertThat(notified).containsExactly(true);
            armed.subList(4, 200).forEach(bed.pool()::arm);
            bed.release(more);
            assertThat(notified)
                    .as("few are in use, though 200 are outstanding")
                    .containsExactly(true, false);
            armed.subList(4, 200).forEach(bed.pool()::receive);
            bed.release(armed);
            bed.check();
        }
    }

    /// Arming the page of the last reader reduces the count.
    @Test
    void armingBringsTheCountDownToo() {
        try (JumboBed bed = bed(4, 40, 0, notified::add)) {
            List<Long> handles = bed.allocate(100);
            assertThat(notified).containsExactly(true);
            handles.subList(4, 100).forEach(bed.pool()::arm);
            assertThat(notified).containsExactly(true, false);
            handles.subList(4, 100).forEach(bed.pool()::receive);
            bed.release(handles);
        }
    }

    /// The loop that allocated the pages stops reading, so it allocates no page and drains no queue any more.
    @Test
    void otherThreadsReleaseThePagesOfAnIdleThread() throws InterruptedException {
        try (JumboBed bed = bed(10, 60, 64, notified::add)) {
            List<Long> handles = new ArrayList<>();
            Watchdog watchdog = new Watchdog();
            CountDownLatch taken = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            watchdog.start("loop", () -> {
                handles.addAll(bed.exhaust());
                taken.countDown();
                watchdog.await("the end", done);
            });
            watchdog.await("pages taken", taken);
            assertThat(handles).hasSize(64);
            assertThat(notified).containsExactly(true);
            watchdog.startVirtual("consumer", () -> bed.release(handles));
            watchdog.await("low again", () -> notified.size() == 2);
            assertThat(notified).containsExactly(true, false);
            done.countDown();
            watchdog.join();
            bed.check();
        }
    }

    @Test
    void exhaustedMemoryIsPressureToo() {
        try (JumboBed bed = bed(10, 10_000, 0, notified::add)) {
            List<Long> handles = bed.exhaust();
            assertThat(notified).containsExactly(true);
            bed.release(handles);
            assertThat(notified).containsExactly(true, false);
        }
    }

    @Test
    void listenerMayUseThePoolAndMayFail() {
        JumboBed[] bed = new JumboBed[1];
        PressureListener listener = isHigh -> {
            notified.add(isHigh);
            long handle = bed[0].pool().tryAllocate();
            if (handle >= 0) {
                bed[0].pool().free(handle);
            }
            throw new IllegalStateException("thrown on purpose, and logged once");
        };
        try (JumboBed opened = bed(10, 50, 0, listener)) {
            bed[0] = opened;
            for (int round = 0; round < 3; round++) {
                opened.release(opened.allocate(80));
            }
            assertThat(notified).containsExactly(true, false, true, false, true, false);
            opened.check();
        }
    }
}
