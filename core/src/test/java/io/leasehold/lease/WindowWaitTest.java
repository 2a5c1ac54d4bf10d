package io.leasehold.lease;

import static io.leasehold.lease.WindowFixture.waiting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Acquires that find all windows in use: which of them wait, give up, and are served next.
class WindowWaitTest implements WindowFixture {

    private final FaultyVirtualMemory memory = WindowFixture.countedMemory();
    private final Watchdog watchdog = new Watchdog();

    @Override
    public FaultyVirtualMemory memory() {
        return memory;
    }

    @Test
    void withoutAWindowNowaitIsRefusedAnotherPageAndNotTheSame() {
        try (LeaseFixture fixture = fixture(1)) {
            LeasePool pool = fixture.pool();
            long held = fixture.wiredPage();
            long other = fixture.wiredPage();
            Lease lease = pool.acquire(held);
            assertThat(pool.tryAcquire(other, LeaseFlag.NOWAIT)).isNull();
            assertThat(pool.tryAcquireHandle(other, LeaseFlag.NOWAIT)).isEqualTo(LeasePool.NO_LEASE);
            Lease same = LeasePoolFixture.acquired(pool.tryAcquire(held, LeaseFlag.NOWAIT));
            assertThat(same.address()).isEqualTo(lease.address());
            assertThat(pool.stats()).isEqualTo(new LeasePoolStats(1, 1, 1, 1, 1, 0, 0, 2, 2));
            same.close();
            lease.close();
            pool.free(pool.tryAcquireHandle(other, LeaseFlag.NOWAIT));
        }
    }

    @Test
    void nowaitWinsOverCatch() {
        try (LeaseFixture fixture = fixture(1)) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            long other = fixture.wiredPage();
            assertThat(fixture.pool().tryAcquire(other, LeaseFlag.NOWAIT | LeaseFlag.CATCH))
                    .isNull();
            assertThat(fixture.pool().stats().waited()).isZero();
            assertThat(fixture.pool().stats().failures()).isEqualTo(1);
            lease.close();
        }
    }

    @Test
    void waiterGetsTheWindowThatIsReleased() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            long page = fixture.wiredPage();
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            long address = lease.address();
            WindowFixture.Acquirer waiter = waiting(fixture, watchdog, "waiter", page, LeaseFlag.DEFAULT, 0);
            lease.close();
            assertThat(waiter.lease().address()).isEqualTo(address);
            assertThat(OffHeap.getLong(address)).isEqualTo(LeaseFixture.mark(page));
            assertThat(fixture.pool().stats().waits()).isEqualTo(1);
            assertThat(fixture.pool().stats().failures()).isZero();
            waiter.close();
            watchdog.join();
        }
    }

    @Test
    void waitersAreServedInTheOrderTheyCame() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            List<WindowFixture.Acquirer> waiters = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int flags = i % 2 == 0 ? LeaseFlag.DEFAULT : LeaseFlag.CATCH;
                waiters.add(waiting(fixture, watchdog, "waiter-" + i, fixture.wiredPage(), flags, i));
            }
            lease.close();
            for (int i = 0; i < 5; i++) {
                assertThat(waiters.get(i).lease().isOpen()).isTrue();
                for (int later = i + 1; later < 5; later++) {
                    assertThat(waiters.get(later).hasEnded()).isFalse();
                }
                waiters.get(i).close();
            }
            watchdog.join();
            assertThat(fixture.pool().stats().waited()).isEqualTo(5);
        }
    }

    @Test
    void newcomerDoesNotGoBeforeAWaiter() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            long[] pages = fixture.wiredPages(3);
            for (int round = 0; round < 100; round++) {
                Lease lease = fixture.pool().acquire(pages[0]);
                WindowFixture.Acquirer waiter =
                        waiting(fixture, watchdog, "waiter", pages[1], LeaseFlag.DEFAULT, round);
                lease.close();
                // either the waiter has the window by now, or it will get it
                assertThat(fixture.pool().tryAcquire(pages[2], LeaseFlag.NOWAIT))
                        .isNull();
                assertThat(waiter.lease().isOpen()).isTrue();
                waiter.close();
                watchdog.join();
            }
        }
    }

    @Test
    void hitGoesPastAllWaiters() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            long held = fixture.wiredPage();
            Lease lease = fixture.pool().acquire(held);
            WindowFixture.Acquirer waiter =
                    waiting(fixture, watchdog, "waiter", fixture.wiredPage(), LeaseFlag.DEFAULT, 0);
            fixture.pool().acquire(held).close();
            lease.ref().close();
            assertThat(waiter.hasEnded()).isFalse();
            lease.close();
            assertThat(waiter.lease().isOpen()).isTrue();
            waiter.close();
            watchdog.join();
        }
    }

    @Test
    void waiterWhosePageIsMappedMeanwhileSharesThatWindowAtOnce() throws InterruptedException {
        try (LeaseFixture fixture = fixture(2)) {
            long wanted = fixture.wiredPage();
            Lease first = fixture.pool().acquire(fixture.wiredPage());
            Lease second = fixture.pool().acquire(fixture.wiredPage());
            WindowFixture.Acquirer one = waiting(fixture, watchdog, "one", wanted, LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer other =
                    waiting(fixture, watchdog, "other", fixture.wiredPage(), LeaseFlag.DEFAULT, 1);
            WindowFixture.Acquirer two = waiting(fixture, watchdog, "two", wanted, LeaseFlag.DEFAULT, 2);
            first.close();
            assertThat(two.lease().isOpen()).isTrue();
            assertThat(OffHeap.getLong(one.lease().address())).isEqualTo(LeaseFixture.mark(wanted));
            assertThat(two.lease().address()).isEqualTo(one.lease().address());
            assertThat(other.hasEnded()).isFalse();
            assertThat(fixture.pool().stats().misses()).isEqualTo(3);
            assertThat(fixture.pool().stats().used()).isEqualTo(2);
            second.close();
            assertThat(other.lease().address()).isNotEqualTo(one.lease().address());
            one.close();
            two.close();
            other.close();
            watchdog.join();
            fixture.pool().checkInvariants();
        }
    }

    @Test
    void interruptedCatchGivesUpAndLeavesNothingBehind() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            long page = fixture.wiredPage();
            Lease lease = fixture.pool().acquire(page);
            WindowFixture.Acquirer first = waiting(fixture, watchdog, "first", fixture.wiredPage(), LeaseFlag.CATCH, 0);
            WindowFixture.Acquirer second =
                    waiting(fixture, watchdog, "second", fixture.wiredPage(), LeaseFlag.CATCH, 1);
            second.interrupt();
            assertThat(second.result()).isNull();
            assertThat(second.failure()).isNull();
            assertThat(second.wasInterrupted()).isTrue();
            assertThat(first.hasEnded()).isFalse();
            first.interrupt();
            assertThat(first.result()).isNull();
            watchdog.join();
            assertThat(fixture.pool().stats().failures()).isEqualTo(2);
            lease.close();
            // no thread is in line any more, so a newcomer gets the window
            fixture.pool().free(fixture.pool().tryAcquireHandle(fixture.wiredPage(), LeaseFlag.NOWAIT));
        }
    }

    @Test
    void catchThatIsInterruptedBeforehandDoesNotWait() {
        try (LeaseFixture fixture = fixture(1)) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            long other = fixture.wiredPage();
            Thread.currentThread().interrupt();
            assertThat(fixture.pool().tryAcquire(other, LeaseFlag.CATCH)).isNull();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(fixture.pool().stats()).isEqualTo(new LeasePoolStats(1, 1, 1, 0, 1, 0, 0, 1, 1));
            lease.close();
        }
    }

    @Test
    void waiterThatGivesUpPassesItsWakeUpOn() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            long[] pages = fixture.wiredPages(3);
            for (int round = 0; round < 100; round++) {
                Lease lease = fixture.pool().acquire(pages[0]);
                WindowFixture.Acquirer quits =
                        waiting(fixture, watchdog, "quits", pages[1], LeaseFlag.CATCH, 2 * round);
                WindowFixture.Acquirer stays =
                        waiting(fixture, watchdog, "stays", pages[2], LeaseFlag.DEFAULT, 2 * round + 1);
                lease.close(); // wakes the first, which finds itself interrupted before it looks
                quits.interrupt();
                quits.close();
                assertThat(stays.lease().isOpen()).isTrue();
                stays.close();
                watchdog.join();
            }
            fixture.pool().checkInvariants();
        }
    }

    @Test
    void defaultWaiterIgnoresInterruptsAndKeepsThemPending() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            WindowFixture.Acquirer waiter =
                    waiting(fixture, watchdog, "waiter", fixture.wiredPage(), LeaseFlag.DEFAULT, 0);
            for (int sleeps = 2; sleeps <= 4; sleeps++) {
                int expected = sleeps;
                waiter.interrupt();
                Eventually.holds(
                        "another sleep", () -> fixture.pool().stats().waits() >= expected && waiter.isParked());
            }
            assertThat(waiter.hasEnded()).isFalse();
            assertThat(fixture.pool().stats().waits()).isEqualTo(4);
            assertThat(fixture.pool().stats().waited()).isEqualTo(1);
            lease.close();
            assertThat(waiter.lease().isOpen()).isTrue();
            assertThat(waiter.wasInterrupted()).isTrue();
            assertThat(fixture.pool().stats().failures()).isZero();
            waiter.close();
            watchdog.join();
        }
    }

    @Test
    void waiterWhoseMappingIsRefusedLetsTheNextOneTry() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            WindowFixture.Acquirer first =
                    waiting(fixture, watchdog, "first", fixture.wiredPage(), LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer second =
                    waiting(fixture, watchdog, "second", fixture.wiredPage(), LeaseFlag.DEFAULT, 1);
            memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
            lease.close();
            assertThat(first.failure()).isInstanceOf(SystemCallException.class);
            assertThat(second.lease().isOpen()).isTrue();
            second.close();
            watchdog.join();
            fixture.pool().checkInvariants();
        }
    }

    @Test
    void batchWaitsForItsFirstLeaseAlone() throws InterruptedException {
        try (LeaseFixture fixture = fixture(2)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(3);
            Lease first = pool.acquire(fixture.wiredPage());
            Lease second = pool.acquire(fixture.wiredPage());
            AtomicInteger got = new AtomicInteger(-1);
            Thread batch = watchdog.start("batch", () -> {
                long[] leases = new long[3];
                got.set(pool.tryAcquireHandles(pages, 3, LeaseFlag.DEFAULT, leases));
                pool.free(leases[0]);
            });
            Eventually.holds("batch waits", () -> batch.getState() == Thread.State.WAITING);
            assertThat(pool.stats().waited()).isEqualTo(1);
            first.close();
            watchdog.join();
            assertThat(got.get()).isEqualTo(1);
            assertThat(pool.stats().failures()).isEqualTo(1);
            assertThat(pool.stats().waited()).isEqualTo(1);
            second.close();
        }
    }

    @Test
    void forcedCloseWakesAllWaiters() throws InterruptedException {
        LeaseFixture fixture = fixture(1);
        Lease lease = fixture.pool().acquire(fixture.wiredPage());
        long address = lease.address();
        WindowFixture.Acquirer first = waiting(fixture, watchdog, "first", fixture.wiredPage(), LeaseFlag.DEFAULT, 0);
        WindowFixture.Acquirer second = waiting(fixture, watchdog, "second", fixture.wiredPage(), LeaseFlag.CATCH, 1);
        assertThat(fixture.pool().closeForcibly()).isEqualTo(1);
        for (WindowFixture.Acquirer waiter : List.of(first, second)) {
            assertThat(waiter.failure())
                    .isInstanceOfSatisfying(
                            LeaseStateException.class, e -> assertThat(e.kind()).isEqualTo(StateKind.CLOSED));
        }
        assertThat(OffHeap.getLong(address)).isZero();
        watchdog.join();
        fixture.close();
    }

    @Test
    void refusedCloseLeavesWaitersWaiting() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            WindowFixture.Acquirer waiter =
                    waiting(fixture, watchdog, "waiter", fixture.wiredPage(), LeaseFlag.DEFAULT, 0);
            assertThatThrownBy(fixture.pool()::close).hasMessageContaining("leases are open: 1");
            assertThat(waiter.hasEnded()).isFalse();
            lease.close();
            assertThat(waiter.lease().isOpen()).isTrue();
            waiter.close();
            watchdog.join();
        }
    }

    @Test
    void waitingPinsNoCarrier() throws InterruptedException {
        int carriers = Integer.getInteger(
                "jdk.virtualThreadScheduler.parallelism", Runtime.getRuntime().availableProcessors());
        int count = 4 * carriers + 8;
        try (LeaseFixture fixture = fixture(1)) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            long[] pages = fixture.wiredPages(8);
            AtomicInteger served = new AtomicInteger();
            for (int i = 0; i < count; i++) {
                long page = pages[i % pages.length];
                watchdog.startVirtual("waiter-" + i, () -> {
                    fixture.pool().acquire(page).close();
                    served.incrementAndGet();
                });
            }
            Eventually.holds("all wait", () -> fixture.pool().stats().waited() == count);
            AtomicBoolean ran = new AtomicBoolean();
            watchdog.startVirtual("bystander", () -> ran.set(true));
            Eventually.holds("another virtual thread runs", ran::get);
            assertThat(served.get()).isZero();
            lease.close();
            watchdog.join();
            assertThat(served.get()).isEqualTo(count);
            fixture.pool().checkInvariants();
        }
    }

    /// A release wakes the waiter that it serves, and a mapping those that share it; so none of them goes back to
    /// sleep.
    @Test
    void everyWaiterSleepsOnce() throws InterruptedException {
        int count = 400;
        try (LeaseFixture fixture = fixture(2)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(100);
            Lease first = pool.acquire(fixture.wiredPage());
            Lease second = pool.acquire(fixture.wiredPage());
            for (int i = 0; i < count; i++) {
                long page = pages[i * 7 % pages.length];
                watchdog.startVirtual("waiter-" + i, () -> {
                    try (Lease lease = pool.acquire(page)) {
                        assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
                    }
                });
            }
            Eventually.holds("all wait", () -> pool.stats().waited() == count);
            first.close();
            second.close();
            watchdog.join();
            assertThat(pool.stats().waits()).isEqualTo(count);
            assertThat(pool.stats().misses()).isBetween(102L, 2L + count);
            pool.checkInvariants();
        }
    }

    @Test
    void manyThreadsShareFewWindowsAndNoneStarves() throws InterruptedException {
        try (LeaseFixture fixture = fixture(2)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(7);
            for (int thread = 0; thread < 8; thread++) {
                int seed = thread;
                Watchdog.Task task = () -> {
                    for (int i = 0; i < 500; i++) {
                        long page = pages[(seed * 31 + i * 7 + i / 3) % pages.length];
                        try (Lease lease = pool.acquire(page)) {
                            assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
                        }
                    }
                };
                if (thread % 2 == 0) {
                    watchdog.start("acquirer-" + thread, task);
                } else {
                    watchdog.startVirtual("acquirer-" + thread, task);
                }
            }
            watchdog.join();
            pool.checkInvariants();
            LeasePoolStats stats = pool.stats();
            assertThat(stats.hits() + stats.misses()).isEqualTo(8 * 500);
            assertThat(stats.used()).isZero();
            assertThat(stats.peak()).isLessThanOrEqualTo(2);
        }
    }
}
