package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.TestMemory;
import io.leasehold.page.Watchdog;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/// Leases of many threads, virtual ones included.
interface LeaseThreadsContract extends LeasePoolFixture {

    /// Leases that two threads close at once: few enough for the stripes, whose lock would keep the two apart.
    int RACED = 24;

    @Test
    default void ofTwoThreadsThatCloseALeaseOneSucceeds() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            race(fixture, 2_000, (pool, lease) -> pool.free(lease));
            fixture.pool().checkInvariants();
        }
    }

    @Test
    default void ofTwoThreadsThatHandALeaseOverOneSucceeds() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            race(fixture, 2_000, (pool, lease) -> pool.free(pool.handOver(lease)));
            fixture.pool().checkInvariants();
        }
    }

    @Test
    default void thousandsOfLeasesAreOpenAtOnceAndReleasedByAnotherThread() throws InterruptedException {
        int count = 10_000;
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(8);
            long[] leases = new long[count];
            Set<Long> different = new HashSet<>();
            for (int i = 0; i < count; i++) {
                leases[i] = pool.acquireHandle(pages[i % pages.length]);
                different.add(leases[i]);
            }
            assertThat(different).hasSize(count);
            assertThat(pool.stats().leases()).isEqualTo(count);
            Watchdog watchdog = new Watchdog();
            watchdog.start("releaser", () -> {
                for (int i = 0; i < count; i++) {
                    assertThat(pool.page(leases[i])).isEqualTo(pages[i % pages.length]);
                    pool.free(leases[i]);
                }
            });
            watchdog.join();
            assertThat(pool.stats().leases()).isZero();
            for (long lease : leases) {
                assertRefused(StateKind.FREED, () -> pool.free(lease));
            }
            // the records that were given back are reused
            for (int i = 0; i < count; i++) {
                leases[i] = pool.acquireHandle(pages[i % pages.length]);
                assertThat(LeaseLayout.index(leases[i])).isLessThan(count + 2 * 1024);
            }
            for (long lease : leases) {
                pool.free(lease);
            }
            pool.checkInvariants();
        }
    }

    @Test
    default void leasesOfManyPlatformThreadsAreTheirOwn() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            Watchdog watchdog = new Watchdog();
            long[] pages = fixture.wiredPages(16);
            for (int thread = 0; thread < 4; thread++) {
                watchdog.start("worker-" + thread, () -> borrow(fixture.pool(), pages, 5_000));
            }
            watchdog.join();
            assertThat(fixture.pool().stats().leases()).isZero();
            fixture.pool().checkInvariants();
        }
    }

    @Test
    default void thousandVirtualThreadsAcquireAndClose() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            Watchdog watchdog = new Watchdog();
            long[] pages = fixture.wiredPages(16);
            for (int thread = 0; thread < 1_000; thread++) {
                watchdog.startVirtual("worker-" + thread, () -> borrow(fixture.pool(), pages, 50));
            }
            watchdog.join();
            assertThat(fixture.pool().stats().leases()).isZero();
            fixture.pool().checkInvariants();
        }
    }

    @Test
    default void confinedLeaseFollowsItsVirtualThreadToAnotherCarrier() throws InterruptedException {
        TestMemory.require(Runtime.getRuntime().availableProcessors() > 1, "there is one carrier only");
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Watchdog watchdog = new Watchdog();
            AtomicInteger moves = new AtomicInteger();
            for (int thread = 0; thread < 4; thread++) {
                watchdog.startVirtual("traveller-" + thread, () -> {
                    Lease lease = fixture.pool().acquireConfined(page);
                    String carrier = carrier();
                    watchdog.await("a move to another carrier", () -> {
                        LockSupport.parkNanos(1_000);
                        return moves.get() > 0 || !carrier().equals(carrier);
                    });
                    moves.addAndGet(carrier().equals(carrier) ? 0 : 1);
                    assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
                    lease.close();
                });
            }
            watchdog.join();
            assertThat(moves.get()).isPositive();
        }
    }

    @Test
    default void virtualThreadsAreConfinedFromEachOtherAndFromTheirCarriers() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            AtomicLong lease = new AtomicLong();
            AtomicInteger step = new AtomicInteger();
            Watchdog watchdog = new Watchdog();
            long page = fixture.wiredPage();
            watchdog.startVirtual("owner", () -> {
                lease.set(fixture.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE));
                step.set(1);
                watchdog.await("the others' attempts", () -> step.get() == 3);
                fixture.pool().free(lease.get());
            });
            watchdog.await("the lease", () -> step.get() == 1);
            watchdog.startVirtual("other", () -> {
                assertRefused(StateKind.CONFINED, () -> fixture.pool().free(lease.get()));
                step.incrementAndGet();
            });
            watchdog.start("platform", () -> {
                assertRefused(StateKind.CONFINED, () -> fixture.pool().address(lease.get()));
                step.incrementAndGet();
            });
            watchdog.join();
        }
    }

    private static void borrow(LeasePool pool, long[] pages, int times) {
        for (int i = 0; i < times; i++) {
            int which = (int) (Thread.currentThread().threadId() + i) % pages.length;
            long page = pages[which];
            int flags = i % 3 == 0 ? LeaseFlag.CPUPRIVATE : LeaseFlag.DEFAULT;
            long lease = pool.tryAcquireHandle(page, flags);
            if (pool.page(lease) != page || OffHeap.getLong(pool.address(lease)) != LeaseFixture.mark(page)) {
                throw new AssertionError("lease of another page: " + Long.toHexString(lease));
            }
            if (i % 5 == 0) {
                Thread.yield();
            }
            pool.free(i % 2 == 0 ? lease : pool.handOver(lease));
        }
    }

    /// {@return the carrier of this virtual thread}
    private static String carrier() {
        String name = Thread.currentThread().toString();
        return name.substring(name.lastIndexOf('@') + 1);
    }

    /// What two threads do with one lease.
    interface Ending {
        void end(LeasePool pool, long lease);
    }

    /// Two threads end the same leases, one from each end, so that they meet somewhere at full speed.
    private static void race(LeaseFixture fixture, int rounds, Ending ending) throws InterruptedException {
        long page = fixture.wiredPage();
        LeasePool pool = fixture.pool();
        long[] leases = new long[RACED];
        AtomicInteger ended = new AtomicInteger();
        AtomicInteger arrived = new AtomicInteger();
        Watchdog watchdog = new Watchdog();
        for (int thread = 0; thread < 2; thread++) {
            boolean leads = thread == 0;
            watchdog.start("racer-" + thread, () -> {
                for (int round = 1; round <= rounds; round++) {
                    for (int i = 0; leads && i < RACED; i++) {
                        leases[i] = pool.acquireHandle(page);
                    }
                    meet(watchdog, arrived, 4 * round - 2);
                    int mine = 0;
                    for (int i = 0; i < RACED; i++) {
                        try {
                            ending.end(pool, leases[leads ? i : RACED - 1 - i]);
                            mine++;
                        } catch (LeaseStateException e) {
                            assertThat(e.kind()).isIn(StateKind.FREED, StateKind.STALE);
                        }
                    }
                    ended.addAndGet(mine);
                    meet(watchdog, arrived, 4 * round);
                    if (leads && (ended.get() != round * RACED || pool.stats().leases() != 0)) {
                        throw new AssertionError("round=" + round + ", ended=" + ended + ", " + pool.stats());
                    }
                }
            });
        }
        watchdog.join();
    }

    /// Spins until the other thread arrives, so that both continue at once.
    private static void meet(Watchdog watchdog, AtomicInteger arrived, int all) {
        arrived.incrementAndGet();
        watchdog.await("the other racer", () -> arrived.get() >= all);
    }
}
