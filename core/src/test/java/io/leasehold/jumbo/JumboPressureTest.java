package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// Too many pages out are noticed, and it is noticed when they are few again, whoever releases them.
class JumboPressureTest {

    private final List<Boolean> told = new ArrayList<>();

    private JumboBed bed(int low, int high, int maxPages, PressureListener listener) {
        return new JumboBed(
                JumboBed.options(BufferSize.KIB_4).withPages(0, maxPages).withWatermarks(low, high, listener), 2);
    }

    @Test
    void listenerIsToldAtTheHighWatermarkAndAtTheLowOne() {
        try (JumboBed bed = bed(20, 100, 0, told::add)) {
            List<Long> handles = bed.allocate(99);
            assertThat(told).as("as stock counts as out").hasSizeLessThanOrEqualTo(1);
            handles.addAll(bed.allocate(1));
            assertThat(told).containsExactly(true);
            handles.addAll(bed.allocate(100));
            for (int out = 199; out > 20; out--) {
                bed.pool().release(handles.removeLast());
                assertThat(told).as("with %d out", out).containsExactly(true);
            }
            bed.pool().release(handles.removeLast());
            assertThat(told).hasSizeBetween(1, 2);
            bed.pool().release(handles.removeLast());
            assertThat(told).containsExactly(true, false);
            bed.release(handles);
            bed.release(bed.allocate(150));
            assertThat(told).containsExactly(true, false, true, false);
            bed.check();
        }
    }

    /// Those who receive have as many pages armed as they like: no reader could give one back.
    @Test
    void pagesThatAreArmedHaveNoHolder() throws InterruptedException {
        try (JumboBed bed = bed(4, 40, 0, told::add)) {
            List<Long> armed = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                armed.addAll(bed.allocate(1));
                bed.pool().arm(armed.getLast());
            }
            assertThat(told).isEmpty();
            Watchdog watchdog = new Watchdog();
            watchdog.startVirtual("device", () -> armed.forEach(bed.pool()::receive)); // not where it was armed
            watchdog.join();
            bed.check();
            List<Long> more = bed.allocate(64); // by then the slab pool is asked
            assertThat(told).containsExactly(true);
            armed.subList(4, 200).forEach(bed.pool()::arm);
            bed.release(more);
            assertThat(told).as("few have holders, though 200 are out").containsExactly(true, false);
            armed.subList(4, 200).forEach(bed.pool()::receive);
            bed.release(armed);
            bed.check();
        }
    }

    /// The last reader has its page filled again.
    @Test
    void armingBringsTheCountDownToo() {
        try (JumboBed bed = bed(4, 40, 0, told::add)) {
            List<Long> handles = bed.allocate(100);
            assertThat(told).containsExactly(true);
            handles.subList(4, 100).forEach(bed.pool()::arm);
            assertThat(told).containsExactly(true, false);
            handles.subList(4, 100).forEach(bed.pool()::receive);
            bed.release(handles);
        }
    }

    /// The loop that took the pages stops reading, so it takes no page and drains no pool any more.
    @Test
    void othersReleaseWhatAThreadTookThatDoesNothingAnyMore() throws InterruptedException {
        try (JumboBed bed = bed(10, 60, 64, told::add)) {
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
            assertThat(told).containsExactly(true);
            watchdog.startVirtual("consumer", () -> bed.release(handles));
            watchdog.await("content again", () -> told.size() == 2);
            assertThat(told).containsExactly(true, false);
            done.countDown();
            watchdog.join();
            bed.check();
        }
    }

    @Test
    void exhaustedMemoryIsPressureToo() {
        try (JumboBed bed = bed(10, 10_000, 0, told::add)) {
            List<Long> handles = bed.exhaust();
            assertThat(told).containsExactly(true);
            bed.release(handles);
            assertThat(told).containsExactly(true, false);
        }
    }

    @Test
    void listenerMayUseTheRingAndMayFail() {
        JumboBed[] bed = new JumboBed[1];
        PressureListener listener = isHigh -> {
            told.add(isHigh);
            long handle = bed[0].pool().allocate();
            if (handle >= 0) {
                bed[0].pool().release(handle);
            }
            throw new IllegalStateException("thrown on purpose, and logged once");
        };
        try (JumboBed opened = bed(10, 50, 0, listener)) {
            bed[0] = opened;
            for (int round = 0; round < 3; round++) {
                opened.release(opened.allocate(80));
            }
            assertThat(told).containsExactly(true, false, true, false, true, false);
            opened.check();
        }
    }
}
