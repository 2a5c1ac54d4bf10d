package io.leasehold.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.os.MemoryPressure;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// The files are read only when a caller asks, and at most once in an interval.
class SystemPressureTest {

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1); // the clock wraps around
    private final AtomicLong reads = new AtomicLong();
    private final Deque<Runnable> background = new ArrayDeque<>();
    private MemoryPressure answer = new MemoryPressure(Double.NaN, -1);
    private final SystemPressure pressure = new SystemPressure(
            10,
            1000,
            () -> {
                reads.incrementAndGet();
                return answer;
            },
            background::add,
            now::get);

    private boolean later(double stallPercent, long anonBytes) {
        answer = new MemoryPressure(stallPercent, anonBytes);
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(100));
        pressure.getAsBoolean();
        background.remove().run();
        return pressure.getAsBoolean();
    }

    @Test
    void eachNumberMayMeanPressure() {
        assertThat(later(Double.NaN, -1)).isFalse();
        assertThat(later(9.99, 999)).isFalse();
        assertThat(later(10, -1)).isTrue();
        assertThat(later(Double.NaN, 1000)).isTrue();
        assertThat(later(0, 0)).isFalse();
    }

    @Test
    void filesAreReadOnceInAnInterval() {
        assertThat(reads).as("when it was created").hasValue(1);
        assertThat(later(50, 0)).isTrue();
        for (int i = 0; i < 99; i++) {
            now.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
            assertThat(pressure.getAsBoolean()).isTrue();
        }
        assertThat(background).isEmpty();
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(1));
        answer = new MemoryPressure(0, 0);
        assertThat(pressure.getAsBoolean()).as("the answer is not there yet").isTrue();
        assertThat(reads).hasValue(2);
        background.remove().run();
        assertThat(pressure.getAsBoolean()).isFalse();
        assertThat(reads).hasValue(3);
    }

    @Test
    void oldAnswerIsNotUsed() {
        assertThat(later(50, 0)).isTrue();
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(1001));
        assertThat(pressure.getAsBoolean()).isFalse();
        background.remove().run();
        assertThat(pressure.getAsBoolean()).isTrue();
    }

    /// The thread that asks may hold the lock of an arena, and a child value is code of the program.
    @Test
    void threadThatReadsInheritsNothing() throws InterruptedException {
        InheritableThreadLocal<String> inherited = new InheritableThreadLocal<>();
        inherited.set("of the thread that asks");
        CountDownLatch isDone = new CountDownLatch(1);
        String[] seen = {"nothing yet"};
        SystemPressure.inBackground().execute(() -> {
            seen[0] = inherited.get();
            isDone.countDown();
        });
        isDone.await();
        assertThat(seen[0]).isNull();
        inherited.remove();
    }

    @Test
    void valuesAreChecked() {
        assertThatThrownBy(() -> SystemPressure.of(0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxStallPercent is out of bounds: maxStallPercent=0.0, min=0 (exclusive), max=100");
        assertThatThrownBy(() -> SystemPressure.of(Double.NaN, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SystemPressure.of(100.1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SystemPressure.of(1, 0)).hasMessage("maxAnonBytes is too low: maxAnonBytes=0, min=1");
        SystemPressure system = SystemPressure.of(100, Long.MAX_VALUE);
        system.getAsBoolean(); // reads the files of this machine
        assertThat(system.toString()).contains("maxStallPercent=100.0");
    }
}
