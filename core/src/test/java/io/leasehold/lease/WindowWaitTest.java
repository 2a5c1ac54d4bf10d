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
        try (LeaseBed bed = bed(1)) {
            LeasePool pool = bed.pool();
            long held = bed.wiredPage();
            long other = bed.wiredPage();
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
        try (LeaseBed bed = bed(1)) {
            Lease lease = bed.pool().acquire(bed.wiredPage());
            long other = bed.wiredPage();
            assertThat(bed.pool().tryAcquire(other, LeaseFlag.NOWAIT | LeaseFlag.CATCH))
                    .isNull();
            assertThat(bed.pool().stats().waited()).isZero();
            assertThat(bed.pool().stats().failures()).isEqualTo(1);
            lease.close();
        }
    }

    @Test
    void waiterGetsTheWindowThatIsReleased() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            long page = bed.wiredPage();
            Lease lease = bed.pool().acquire(bed.wiredPage());
            long address = lease.address();
            WindowFixture.Acquirer waiter = waiting(bed, watchdog, "waiter", page, LeaseFlag.DEFAULT, 0);
            lease.close();
            assertThat(waiter.lease().address()).isEqualTo(address);
            assertThat(OffHeap.getLong(address)).isEqualTo(LeaseBed.mark(page));
            assertThat(bed.pool().stats().waits()).isEqualTo(1);
            assertThat(bed.pool().stats().failures()).isZero();
            waiter.close();
            watchdog.join();
        }
    }

    @Test
    void waitersAreServedInTheOrderTheyCame() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            Lease lease = bed.pool().acquire(bed.wiredPage());
            List<WindowFixture.Acquirer> waiters = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int flags = i % 2 == 0 ? LeaseFlag.DEFAULT : LeaseFlag.CATCH;
                waiters.add(waiting(bed, watchdog, "waiter-" + i, bed.wiredPage(), flags, i));
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
            assertThat(bed.pool().stats().waited()).isEqualTo(5);
        }
    }

    @Test
    void newcomerDoesNotGoBeforeAWaiter() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            long[] pages = bed.wiredPages(3);
            for (int round = 0; round < 100; round++) {
                Lease lease = bed.pool().acquire(pages[0]);
                WindowFixture.Acquirer waiter = waiting(bed, watchdog, "waiter", pages[1], LeaseFlag.DEFAULT, round);
                lease.close();
                // either the waiter has the window by now, or it will get it
                assertThat(bed.pool().tryAcquire(pages[2], LeaseFlag.NOWAIT)).isNull();
                assertThat(waiter.lease().isOpen()).isTrue();
                waiter.close();
                watchdog.join();
            }
        }
    }

    @Test
    void hitGoesPastAllWaiters() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            long held = bed.wiredPage();
            Lease lease = bed.pool().acquire(held);
            WindowFixture.Acquirer waiter = waiting(bed, watchdog, "waiter", bed.wiredPage(), LeaseFlag.DEFAULT, 0);
            bed.pool().acquire(held).close();
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
        try (LeaseBed bed = bed(2)) {
            long wanted = bed.wiredPage();
            Lease first = bed.pool().acquire(bed.wiredPage());
            Lease second = bed.pool().acquire(bed.wiredPage());
            WindowFixture.Acquirer one = waiting(bed, watchdog, "one", wanted, LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer other = waiting(bed, watchdog, "other", bed.wiredPage(), LeaseFlag.DEFAULT, 1);
            WindowFixture.Acquirer two = waiting(bed, watchdog, "two", wanted, LeaseFlag.DEFAULT, 2);
            first.close();
            assertThat(two.lease().isOpen()).isTrue();
            assertThat(OffHeap.getLong(one.lease().address())).isEqualTo(LeaseBed.mark(wanted));
            assertThat(two.lease().address()).isEqualTo(one.lease().address());
            assertThat(other.hasEnded()).isFalse();
            assertThat(bed.pool().stats().misses()).isEqualTo(3);
            assertThat(bed.pool().stats().used()).isEqualTo(2);
            second.close();
            assertThat(other.lease().address()).isNotEqualTo(one.lease().address());
            one.close();
            two.close();
            other.close();
            watchdog.join();
            bed.pool().checkInvariants();
        }
    }

    @Test
    void interruptedCatchGivesUpAndLeavesNothingBehind() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            long page = bed.wiredPage();
            Lease lease = bed.pool().acquire(page);
            WindowFixture.Acquirer first = waiting(bed, watchdog, "first", bed.wiredPage(), LeaseFlag.CATCH, 0);
            WindowFixture.Acquirer second = waiting(bed, watchdog, "second", bed.wiredPage(), LeaseFlag.CATCH, 1);
            second.interrupt();
            assertThat(second.result()).isNull();
            assertThat(second.failure()).isNull();
            assertThat(second.wasInterrupted()).isTrue();
            assertThat(first.hasEnded()).isFalse();
            first.interrupt();
            assertThat(first.result()).isNull();
            watchdog.join();
            assertThat(bed.pool().stats().failures()).isEqualTo(2);
            lease.close();
            // no thread is in line any more, so a newcomer gets the window
            bed.pool().free(bed.pool().tryAcquireHandle(bed.wiredPage(), LeaseFlag.NOWAIT));
        }
    }

    @Test
    void catchThatIsInterruptedBeforehandDoesNotWait() {
        try (LeaseBed bed = bed(1)) {
            Lease lease = bed.pool().acquire(bed.wiredPage());
            long other = bed.wiredPage();
            Thread.currentThread().interrupt();
            assertThat(bed.pool().tryAcquire(other, LeaseFlag.CATCH)).isNull();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(bed.pool().stats()).isEqualTo(new LeasePoolStats(1, 1, 1, 0, 1, 0, 0, 1, 1));
            lease.close();
        }
    }

    @Test
    void waiterThatGivesUpPassesItsWakeUpOn() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            long[] pages = bed.wiredPages(3);
            for (int round = 0; round < 100; round++) {
                Lease lease = bed.pool().acquire(pages[0]);
                WindowFixture.Acquirer quits = waiting(bed, watchdog, "quits", pages[1], LeaseFlag.CATCH, 2 * round);
                WindowFixture.Acquirer stays =
                        waiting(bed, watchdog, "stays", pages[2], LeaseFlag.DEFAULT, 2 * round + 1);
                lease.close(); // wakes the first, which finds itself interrupted before it looks
                quits.interrupt();
                quits.close();
                assertThat(stays.lease().isOpen()).isTrue();
                stays.close();
                watchdog.join();
            }
            bed.pool().checkInvariants();
        }
    }

    @Test
    void defaultWaiterIgnoresInterruptsAndKeepsThemPending() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            Lease lease = bed.pool().acquire(bed.wiredPage());
            WindowFixture.Acquirer waiter = waiting(bed, watchdog, "waiter", bed.wiredPage(), LeaseFlag.DEFAULT, 0);
            for (int sleeps = 2; sleeps <= 4; sleeps++) {
                int expected = sleeps;
                waiter.interrupt();
                Eventually.holds("another sleep", () -> bed.pool().stats().waits() >= expected && waiter.isParked());
            }
            assertThat(waiter.hasEnded()).isFalse();
            assertThat(bed.pool().stats().waits()).isEqualTo(4);
            assertThat(bed.pool().stats().waited()).isEqualTo(1);
            lease.close();
            assertThat(waiter.lease().isOpen()).isTrue();
            assertThat(waiter.wasInterrupted()).isTrue();
            assertThat(bed.pool().stats().failures()).isZero();
            waiter.close();
            watchdog.join();
        }
    }

    @Test
    void waiterWhoseMappingIsRefusedLetsTheNextOneTry() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            Lease lease = bed.pool().acquire(bed.wiredPage());
            WindowFixture.Acquirer first = waiting(bed, watchdog, "first", bed.wiredPage(), LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer second = waiting(bed, watchdog, "second", bed.wiredPage(), LeaseFlag.DEFAULT, 1);
            memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
            lease.close();
            assertThat(first.failure()).isInstanceOf(SystemCallException.class);
            assertThat(second.lease().isOpen()).isTrue();
            second.close();
            watchdog.join();
            bed.pool().checkInvariants();
        }
    }

    @Test
    void batchWaitsForItsFirstLeaseAlone() throws InterruptedException {
        try (LeaseBed bed = bed(2)) {
            LeasePool pool = bed.pool();
            long[] pages = bed.wiredPages(3);
            Lease first = pool.acquire(bed.wiredPage());
            Lease second = pool.acquire(bed.wiredPage());
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
        LeaseBed bed = bed(1);
        Lease lease = bed.pool().acquire(bed.wiredPage());
        long address = lease.address();
        WindowFixture.Acquirer first = waiting(bed, watchdog, "first", bed.wiredPage(), LeaseFlag.DEFAULT, 0);
        WindowFixture.Acquirer second = waiting(bed, watchdog, "second", bed.wiredPage(), LeaseFlag.CATCH, 1);
        assertThat(bed.pool().closeForcibly()).isEqualTo(1);
        for (WindowFixture.Acquirer waiter : List.of(first, second)) {
            assertThat(waiter.failure())
                    .isInstanceOfSatisfying(
                            LeaseStateException.class, e -> assertThat(e.kind()).isEqualTo(StateKind.CLOSED));
        }
        assertThat(OffHeap.getLong(address)).isZero();
        watchdog.join();
        bed.close();
    }

    @Test
    void refusedCloseLeavesWaitersWaiting() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            Lease lease = bed.pool().acquire(bed.wiredPage());
            WindowFixture.Acquirer waiter = waiting(bed, watchdog, "waiter", bed.wiredPage(), LeaseFlag.DEFAULT, 0);
            assertThatThrownBy(bed.pool()::close).hasMessageContaining("leases are open: 1");
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
        try (LeaseBed bed = bed(1)) {
            Lease lease = bed.pool().acquire(bed.wiredPage());
            long[] pages = bed.wiredPages(8);
            AtomicInteger served = new AtomicInteger();
            for (int i = 0; i < count; i++) {
                long page = pages[i % pages.length];
                watchdog.startVirtual("waiter-" + i, () -> {
                    bed.pool().acquire(page).close();
                    served.incrementAndGet();
                });
            }
            Eventually.holds("all wait", () -> bed.pool().stats().waited() == count);
            AtomicBoolean ran = new AtomicBoolean();
            watchdog.startVirtual("bystander", () -> ran.set(true));
            Eventually.holds("another virtual thread runs", ran::get);
            assertThat(served.get()).isZero();
            lease.close();
            watchdog.join();
            assertThat(served.get()).isEqualTo(count);
            bed.pool().checkInvariants();
        }
    }

    /// A release wakes the waiter that it serves, and a mapping those that share it; so none of them goes back to
    /// sleep.
    @Test
    void everyWaiterSleepsOnce() throws InterruptedException {
        int count = 400;
        try (LeaseBed bed = bed(2)) {
            LeasePool pool = bed.pool();
            long[] pages = bed.wiredPages(100);
            Lease first = pool.acquire(bed.wiredPage());
            Lease second = pool.acquire(bed.wiredPage());
            for (int i = 0; i < count; i++) {
                long page = pages[i * 7 % pages.length];
                watchdog.startVirtual("waiter-" + i, () -> {
                    try (Lease lease = pool.acquire(page)) {
                        assertThat(lease.getLong(0)).isEqualTo(LeaseBed.mark(page));
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
        try (LeaseBed bed = bed(2)) {
            LeasePool pool = bed.pool();
            long[] pages = bed.wiredPages(7);
            for (int thread = 0; thread < 8; thread++) {
                int seed = thread;
                Watchdog.Task task = () -> {
                    for (int i = 0; i < 500; i++) {
                        long page = pages[(seed * 31 + i * 7 + i / 3) % pages.length];
                        try (Lease lease = pool.acquire(page)) {
                            assertThat(lease.getLong(0)).isEqualTo(LeaseBed.mark(page));
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
