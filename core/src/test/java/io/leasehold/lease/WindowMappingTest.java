package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.lease.HeldMappings.Hold;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import org.junit.jupiter.api.Test;

/// What other threads do while one thread is in a mapping call.
class WindowMappingTest implements WindowFixture {

    private final FaultyVirtualMemory memory = WindowFixture.countedMemory();
    private final HeldMappings mappings = new HeldMappings(memory);
    private final Watchdog watchdog = new Watchdog();

    @Override
    public FaultyVirtualMemory memory() {
        return memory;
    }

    @Override
    public LeaseFixture fixture(LeasePoolOptions options) {
        return new LeaseFixture(mappings.memory(), true, options);
    }

    @Test
    void mappingHoldsNoOtherAcquireUpAndNoRelease() throws InterruptedException {
        try (LeaseFixture fixture = fixture(4)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(5);
            WindowFixture.touch(fixture, pages[1]);
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(fixture, hold, pages[0]);
            // in a thread of the watchdog, since it would hang if the mapper had a lock
            watchdog.start("other", () -> {
                WindowFixture.touch(fixture, pages[1]); // a hit
                WindowFixture.touch(fixture, pages[2]); // a miss
                Lease[] all = {pool.acquire(pages[1]), pool.acquire(pages[2]), pool.acquire(pages[3])};
                assertThat(pool.tryAcquire(pages[4], LeaseFlag.NOWAIT)).isNull();
                all[2].close(); // a release that finds its window passed over
                pool.acquire(pages[4]).close();
                all[0].close();
                all[1].close();
                assertThat(pool.stats().used()).isZero();
                hold.end();
            });
            assertThat(OffHeap.getLong(mapper.lease().address())).isEqualTo(LeaseFixture.mark(pages[0]));
            mapper.close();
            watchdog.join();
            pool.checkInvariants();
        }
    }

    @Test
    void pageThatIsBeingMappedIsNotMappedTwice() throws InterruptedException {
        try (LeaseFixture fixture = fixture(4)) {
            long page = fixture.wiredPage();
            long maps = maps();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(fixture, hold, page);
            WindowFixture.Acquirer mate = WindowFixture.waiting(fixture, watchdog, "mate", page, LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer other = WindowFixture.waiting(fixture, watchdog, "other", page, LeaseFlag.CATCH, 1);
            hold.end();
            assertThat(mate.lease().address()).isEqualTo(mapper.lease().address());
            assertThat(other.lease().address()).isEqualTo(mapper.lease().address());
            assertThat(maps()).isEqualTo(maps + 1);
            LeasePoolStats stats = fixture.pool().stats();
            assertThat(stats.misses()).isEqualTo(1);
            assertThat(stats.used()).isEqualTo(1);
            assertThat(stats.hits()).isEqualTo(2);
            closeAll(mapper, mate, other);
            fixture.pool().checkInvariants();
        }
    }

    @Test
    void acquireThatMayNotWaitGivesUpOnAMappingThatTakesLong() throws InterruptedException {
        try (LeaseFixture fixture = fixture(4)) {
            long page = fixture.wiredPage();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(fixture, hold, page);
            assertThat(fixture.pool().tryAcquire(page, LeaseFlag.NOWAIT)).isNull();
            Thread.currentThread().interrupt();
            assertThat(fixture.pool().tryAcquire(page, LeaseFlag.CATCH)).isNull();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(fixture.pool().stats().failures()).isEqualTo(2);
            assertThat(fixture.pool().stats().waited()).isZero();
            hold.end();
            assertThat(mapper.lease().isOpen()).isTrue();
            closeAll(mapper);
            fixture.pool().checkInvariants();
        }
    }

    @Test
    void interruptedCatchGivesUpAndTheMappingServesTheOthers() throws InterruptedException {
        try (LeaseFixture fixture = fixture(4)) {
            long page = fixture.wiredPage();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(fixture, hold, page);
            WindowFixture.Acquirer quits = WindowFixture.waiting(fixture, watchdog, "quits", page, LeaseFlag.CATCH, 0);
            WindowFixture.Acquirer stays = WindowFixture.waiting(fixture, watchdog, "stays", page, LeaseFlag.CATCH, 1);
            quits.interrupt();
            assertThat(quits.result()).isNull();
            assertThat(stays.hasEnded()).isFalse();
            hold.end();
            assertThat(stays.lease().address()).isEqualTo(mapper.lease().address());
            closeAll(mapper, quits, stays);
            fixture.pool().checkInvariants();
        }
    }

    /// One window: the page that came first gets it after the refusal, and the page of the refusal after that.
    @Test
    void waitersForAPageWhoseMappingIsRefusedGoBackToTheirTurn() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            long[] pages = fixture.wiredPages(2);
            Hold hold = mappings.holdNext();
            memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
            WindowFixture.Acquirer mapper = mapping(fixture, hold, pages[0]);
            WindowFixture.Acquirer older =
                    WindowFixture.waiting(fixture, watchdog, "older", pages[1], LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer mate =
                    WindowFixture.waiting(fixture, watchdog, "mate", pages[0], LeaseFlag.DEFAULT, 1);
            WindowFixture.Acquirer younger =
                    WindowFixture.waiting(fixture, watchdog, "younger", pages[1], LeaseFlag.DEFAULT, 2);
            hold.end();
            assertThat(mapper.failure()).isInstanceOf(SystemCallException.class);
            assertThat(OffHeap.getLong(older.lease().address())).isEqualTo(LeaseFixture.mark(pages[1]));
            assertThat(younger.lease().isOpen()).isTrue();
            assertThat(mate.hasEnded()).isFalse();
            older.close();
            younger.close();
            assertThat(OffHeap.getLong(mate.lease().address())).isEqualTo(LeaseFixture.mark(pages[0]));
            closeAll(mate);
            fixture.pool().checkInvariants();
        }
    }

    @Test
    void closeIsRefusedDuringAMappingAndChangesNothing() throws InterruptedException {
        try (LeaseFixture fixture = fixture(2)) {
            long page = fixture.wiredPage();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(fixture, hold, page);
            assertThatThrownBy(fixture.pool()::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("windows are being mapped: mappings=1");
            hold.end();
            assertThat(OffHeap.getLong(mapper.lease().address())).isEqualTo(LeaseFixture.mark(page));
            closeAll(mapper);
        }
    }

    @Test
    void forcedCloseWaitsForTheMappingAndItsThreadGetsNoLease() throws InterruptedException {
        LeaseFixture fixture = fixture(2);
        long page = fixture.wiredPage();
        long used = fixture.mappings().used();
        Hold hold = mappings.holdNext();
        WindowFixture.Acquirer mapper = mapping(fixture, hold, page);
        WindowFixture.Acquirer mate = WindowFixture.waiting(fixture, watchdog, "mate", page, LeaseFlag.DEFAULT, 0);
        Thread closer = watchdog.start("closer", fixture.pool()::closeForcibly);
        assertThat(mate.failure()).isInstanceOf(LeaseStateException.class);
        Eventually.holds("the closer waits", () -> closer.getState() == Thread.State.WAITING);
        assertThat(fixture.mappings().used()).isEqualTo(used);
        hold.end();
        assertThat(mapper.failure())
                .isInstanceOfSatisfying(
                        LeaseStateException.class, e -> assertThat(e.kind()).isEqualTo(StateKind.CLOSED));
        watchdog.join();
        assertThat(fixture.mappings().used()).isEqualTo(used - 2);
        assertThat(fixture.pool().stats().leases()).isZero();
        fixture.close();
    }

    /// Starts a thread that acquires a page and is held in its mapping call.
    private WindowFixture.Acquirer mapping(LeaseFixture fixture, Hold hold, long page) throws InterruptedException {
        WindowFixture.Acquirer acquirer = new WindowFixture.Acquirer(fixture.pool(), page, LeaseFlag.DEFAULT);
        watchdog.start("mapper", acquirer::run);
        hold.await(watchdog);
        return acquirer;
    }

    private void closeAll(WindowFixture.Acquirer... acquirers) throws InterruptedException {
        for (WindowFixture.Acquirer acquirer : acquirers) {
            acquirer.close();
        }
        watchdog.join();
    }
}
