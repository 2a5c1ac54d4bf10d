package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.lease.WindowWaiters.Waiter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Counts the work of claims: the number of waiters that a mapping or a release visits and wakes, for many waiters.
class WindowClaimsWorkTest {

    private static final long WANTED = 1 << 12;
    private static final long HELD = 2 << 12;

    /// Waiters for other pages want these and the pages behind.
    private static final long OTHER = 1 << 20;

    private WindowSlots slots = new WindowSlots(1);
    private WindowClaims claims = WindowClaimsModelTest.claims(slots);

    private void open(int slotCount) {
        slots = new WindowSlots(slotCount);
        claims = WindowClaimsModelTest.claims(slots);
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 1_000, 10_000, 100_000})
    void mappingServesTheWaitersOfItsPageAndLooksAtNoOther(int others) {
        map(HELD);
        List<Waiter> mates = new ArrayList<>();
        mates.add(waiting(WANTED));
        List<Waiter> strangers = new ArrayList<>();
        for (int i = 0; i < others; i++) {
            strangers.add(waiting(OTHER + ((long) i << 12)));
            if (i == others / 2 || i == others - 1) {
                mates.add(waiting(WANTED));
            }
        }

        long looks = claims.waiters().looks();
        long wakeUps = claims.waiters().wakeUps();
        release(HELD);
        assertThat(claims.waiters().wakeUps() - wakeUps)
                .as("woken by a release")
                .isEqualTo(1);
        int slot = beginMapping(WANTED, mates.getFirst());
        claims.finish(slot, WANTED);
        assertThat(claims.waiters().wakeUps() - wakeUps)
                .as("woken by a release and a mapping")
                .isEqualTo(3);
        assertThat(claims.waiters().looks() - looks)
                .as("waiters and nodes looked at")
                .isLessThan(20L * levels(others));
        assertThat(mates.subList(1, 3)).allMatch(mate -> mate.slot() == slot);
        assertThat(strangers).allMatch(Waiter::isWaiting);
        claims.checkInvariants();
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 1_000, 10_000})
    void eachReleaseWakesTheWaiterThatItServes(int count) {
        map(HELD);
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            waiters.add(waiting(OTHER + ((long) i << 12)));
        }

        long looks = claims.waiters().looks();
        release(HELD);
        for (int i = 0; i < count; i++) {
            long page = OTHER + ((long) i << 12);
            assertThat(claims.waiters().wakeUps()).isEqualTo(i + 1);
            claims.finish(beginMapping(page, waiters.get(i)), page);
            release(page);
        }
        assertThat(claims.waits()).as("sleeps").isEqualTo(count);
        assertThat(claims.waiters().wakeUps()).isEqualTo(count);
        assertThat(claims.waiters().looks() - looks).isLessThan(20L * count * levels(count));
        claims.checkInvariants();
    }

    @Test
    void waiterThatGivesUpLooksAtNoOther() {
        map(HELD);
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            waiters.add(waiting(OTHER + ((i % 100L) << 12)));
        }
        long looks = claims.waiters().looks();
        for (Waiter waiter : waiters) {
            assertThat(claims.giveUp(waiter)).isEqualTo(WindowClaims.NONE);
        }
        assertThat(claims.waiters().looks() - looks).isLessThan(100_000L * levels(100));
        assertThat(claims.waiters().wakeUps()).isZero();
        assertThat(claims.waiters().isEmpty()).isTrue();
        claims.checkInvariants();
    }

    /// A search skips windows that are in use again, a few in each hold of the lock.
    @Test
    void searchGivesTheLockUpBetweenItsSteps() {
        int count = 10 * WindowClaims.STEPS;
        open(count);
        for (int i = 0; i < count; i++) {
            map(OTHER + ((long) i << 12));
            release(OTHER + ((long) i << 12));
            assertThat(claims.look(OTHER + ((long) i << 12), false, null) & WindowClaims.WAS_IDLE)
                    .isNotZero();
        }
        int holds = 1;
        while (claims.look(WANTED, false, null) == WindowClaims.AGAIN) {
            holds++;
        }
        assertThat(holds).isGreaterThanOrEqualTo(10);
        assertThat(claims.failures()).isEqualTo(1);
        assertThat(claims.look(WANTED, false, null)).as("the next search").isEqualTo(WindowClaims.NONE);
        claims.checkInvariants();
    }

    /// If the lock is taken, releases leave their windows to its holder, which makes a limited number of steps per
    /// hold. If the holder stops between two grants, the first waiter without a window is woken and continues.
    @ParameterizedTest
    @ValueSource(ints = {WindowClaims.STEPS * 5 / 8, WindowClaims.STEPS * 5})
    void arrivalsAreGrantedToAsManyWaiters(int count) {
        open(count);
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            map(OTHER + ((long) i << 12));
        }
        for (int i = 0; i < count; i++) {
            waiters.add(waiting((1L << 40) + ((long) i << 12)));
        }
        for (int i = 1; i < count; i++) {
            int slot = slots.find(OTHER + ((long) i << 12));
            slots.leave(slot, claims.misses());
            assertThat(slots.tryQueue(slot)).isTrue();
            slots.arrive(slot);
        }
        release(OTHER);
        assertThat(slots.hasArrivals()).isFalse();

        int granted = granted(count);
        assertThat(claims.waiters().wakeUps()).isEqualTo(granted == count ? count : granted + 1);
        while (granted < count) {
            claims.look((1L << 40) + ((long) granted << 12), true, waiters.get(granted)); // the woken waiter
            int now = granted(count);
            assertThat(now).isGreaterThan(granted);
            granted = now;
        }
        claims.checkInvariants();
    }

    private int granted(int count) {
        int granted = 0;
        while (granted < count && slots.find((1L << 40) + ((long) granted << 12)) != WindowSlots.NO_SLOT) {
            granted++;
        }
        return granted;
    }

    @Test
    void mappingServesMoreWaitersThanOneHoldAllows() {
        int count = 10 * WindowClaims.STEPS + 1;
        map(HELD);
        List<Waiter> mates = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            mates.add(waiting(WANTED));
        }
        release(HELD);
        int slot = beginMapping(WANTED, mates.getFirst());
        claims.finish(slot, WANTED);
        assertThat(WindowSlots.leases(slots.word(slot))).isEqualTo(count);
        assertThat(mates.subList(1, count)).allMatch(mate -> mate.slot() == slot);
        assertThat(claims.waiters().isEmpty()).isTrue();
        claims.checkInvariants();
    }

    private void map(long page) {
        int claim = claims.look(page, false, null);
        assertThat(claim & WindowClaims.TO_MAP).isNotZero();
        claims.finish(WindowClaims.slot(claim), page);
    }

    private int beginMapping(long page, Waiter waiter) {
        int claim = claims.look(page, true, waiter);
        assertThat(claim & WindowClaims.TO_MAP).isNotZero();
        return WindowClaims.slot(claim);
    }

    private void release(long page) {
        int slot = slots.find(page);
        if (!WindowSlots.isQueued(slots.leave(slot, claims.misses()))) {
            claims.queue(slot);
        }
    }

    private Waiter waiting(long page) {
        Waiter waiter = new Waiter(page);
        assertThat(claims.look(page, true, waiter)).isEqualTo(WindowClaims.WAIT);
        return waiter;
    }

    private static int levels(int count) {
        return Long.SIZE - Long.numberOfLeadingZeros(count);
    }
}
