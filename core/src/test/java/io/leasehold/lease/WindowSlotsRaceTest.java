package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.Watchdog;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Hits and releases, which take no lock, against threads that hold the lock: in loops with nothing else in them, which
/// meet more often than those of a whole pool.
class WindowSlotsRaceTest {

    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 3_000_000 : 40_000;
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAGE = 1 << 12;
    private static final long OTHER_PAGE = 2 << 12;

    private final WindowSlots slots = new WindowSlots(2);
    private final Watchdog watchdog = new Watchdog();
    private final AtomicBoolean ended = new AtomicBoolean();

    @Test
    void aCloseThatIsRefusedLosesNoLease() throws InterruptedException {
        map(0, PAGE);
        map(1, OTHER_PAGE); // stays in use, so that each close is refused
        slots.leave(0, 1);
        watchdog.start("user", () -> {
            for (int stamp = 2; !ended.get(); stamp++) {
                if (slots.tryJoin(0, PAGE) > 0) {
                    slots.leave(0, stamp);
                }
            }
        });
        try {
            for (int i = 0; i < ROUNDS; i++) {
                assertThatThrownBy(() -> slots.shut(false)).isInstanceOf(IllegalStateException.class);
            }
        } finally {
            ended.set(true);
        }
        watchdog.join();
        assertThat(WindowSlots.leases(slots.word(0))).as("leases that are left").isZero();
        assertThat(WindowSlots.leases(slots.word(1))).isEqualTo(1);
        slots.checkInvariants(0);
    }

    @Test
    void aHitIsOnItsPageWhileOthersRecycle() throws InterruptedException {
        map(0, PAGE);
        slots.leave(0, 1);
        watchdog.start("user", () -> {
            for (int stamp = 2; !ended.get(); stamp++) {
                int slot = slots.find(PAGE);
                if (slot != WindowSlots.NO_SLOT && slots.tryJoin(slot, PAGE) > 0) {
                    assertThat(slots.page(slot)).as("page of a hit").isEqualTo(PAGE);
                    slots.leave(slot, stamp);
                }
            }
        });
        int recycled = 0;
        long start = System.nanoTime();
        try {
            while (recycled < 10 * ROUNDS && System.nanoTime() - start < LIMIT_NANOS && !watchdog.hasFailed()) {
                long word = slots.word(0);
                if (!WindowSlots.isInUse(word) && slots.tryTake(0, word)) {
                    slots.unlink(0);
                    slots.link(0, recycled % 2 == 0 ? OTHER_PAGE : PAGE);
                    slots.finish(0);
                    slots.leave(0, recycled++);
                } else {
                    Thread.yield(); // to a user that was stopped with its lease
                }
            }
        } finally {
            ended.set(true);
        }
        watchdog.join();
        assertThat(recycled).isGreaterThan(100);
        assertThat(WindowSlots.leases(slots.word(0))).as("leases that are left").isZero();
        slots.checkInvariants(0);
    }

    private void map(int slot, long page) {
        assertThat(slots.tryTake(slot, slots.word(slot))).isTrue();
        slots.link(slot, page);
        slots.finish(slot);
    }
}
