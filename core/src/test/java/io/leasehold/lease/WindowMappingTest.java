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
    public LeaseBed bed(LeasePoolOptions options) {
        return new LeaseBed(mappings.memory(), true, options);
    }

    @Test
    void mappingHoldsNoOtherAcquireUpAndNoRelease() throws InterruptedException {
        try (LeaseBed bed = bed(4)) {
            LeasePool pool = bed.pool();
            long[] pages = bed.wiredPages(5);
            WindowFixture.touch(bed, pages[1]);
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(bed, hold, pages[0]);
            // in a thread of the watchdog, since it would hang if the mapper had a lock
            watchdog.start("other", () -> {
                WindowFixture.touch(bed, pages[1]); // a hit
                WindowFixture.touch(bed, pages[2]); // a miss
                Lease[] all = {pool.acquire(pages[1]), pool.acquire(pages[2]), pool.acquire(pages[3])};
                assertThat(pool.tryAcquire(pages[4], LeaseFlag.NOWAIT)).isNull();
                all[2].close(); // a release that finds its window passed over
                pool.acquire(pages[4]).close();
                all[0].close();
                all[1].close();
                assertThat(pool.stats().used()).isZero();
                hold.end();
            });
            assertThat(OffHeap.getLong(mapper.lease().address())).isEqualTo(LeaseBed.mark(pages[0]));
            mapper.close();
            watchdog.join();
            pool.checkInvariants();
        }
    }

    @Test
    void pageThatIsBeingMappedIsNotMappedTwice() throws InterruptedException {
        try (LeaseBed bed = bed(4)) {
            long page = bed.wiredPage();
            long maps = maps();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(bed, hold, page);
            WindowFixture.Acquirer mate = WindowFixture.waiting(bed, watchdog, "mate", page, LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer other = WindowFixture.waiting(bed, watchdog, "other", page, LeaseFlag.CATCH, 1);
            hold.end();
            assertThat(mate.lease().address()).isEqualTo(mapper.lease().address());
            assertThat(other.lease().address()).isEqualTo(mapper.lease().address());
            assertThat(maps()).isEqualTo(maps + 1);
            LeasePoolStats stats = bed.pool().stats();
            assertThat(stats.misses()).isEqualTo(1);
            assertThat(stats.used()).isEqualTo(1);
            assertThat(stats.hits()).isEqualTo(2);
            closeAll(mapper, mate, other);
            bed.pool().checkInvariants();
        }
    }

    @Test
    void acquireThatMayNotWaitGivesUpOnAMappingThatTakesLong() throws InterruptedException {
        try (LeaseBed bed = bed(4)) {
            long page = bed.wiredPage();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(bed, hold, page);
            assertThat(bed.pool().tryAcquire(page, LeaseFlag.NOWAIT)).isNull();
            Thread.currentThread().interrupt();
            assertThat(bed.pool().tryAcquire(page, LeaseFlag.CATCH)).isNull();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(bed.pool().stats().failures()).isEqualTo(2);
            assertThat(bed.pool().stats().waited()).isZero();
            hold.end();
            assertThat(mapper.lease().isOpen()).isTrue();
            closeAll(mapper);
            bed.pool().checkInvariants();
        }
    }

    @Test
    void interruptedCatchGivesUpAndTheMappingServesTheOthers() throws InterruptedException {
        try (LeaseBed bed = bed(4)) {
            long page = bed.wiredPage();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(bed, hold, page);
            WindowFixture.Acquirer quits = WindowFixture.waiting(bed, watchdog, "quits", page, LeaseFlag.CATCH, 0);
            WindowFixture.Acquirer stays = WindowFixture.waiting(bed, watchdog, "stays", page, LeaseFlag.CATCH, 1);
            quits.interrupt();
            assertThat(quits.result()).isNull();
            assertThat(stays.hasEnded()).isFalse();
            hold.end();
            assertThat(stays.lease().address()).isEqualTo(mapper.lease().address());
            closeAll(mapper, quits, stays);
            bed.pool().checkInvariants();
        }
    }

    /// One window: the page that came first gets it after the refusal, and the page of the refusal after that.
    @Test
    void waitersForAPageWhoseMappingIsRefusedGoBackToTheirTurn() throws InterruptedException {
        try (LeaseBed bed = bed(1)) {
            long[] pages = bed.wiredPages(2);
            Hold hold = mappings.holdNext();
            memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
            WindowFixture.Acquirer mapper = mapping(bed, hold, pages[0]);
            WindowFixture.Acquirer older =
                    WindowFixture.waiting(bed, watchdog, "older", pages[1], LeaseFlag.DEFAULT, 0);
            WindowFixture.Acquirer mate = WindowFixture.waiting(bed, watchdog, "mate", pages[0], LeaseFlag.DEFAULT, 1);
            WindowFixture.Acquirer younger =
                    WindowFixture.waiting(bed, watchdog, "younger", pages[1], LeaseFlag.DEFAULT, 2);
            hold.end();
            assertThat(mapper.failure()).isInstanceOf(SystemCallException.class);
            assertThat(OffHeap.getLong(older.lease().address())).isEqualTo(LeaseBed.mark(pages[1]));
            assertThat(younger.lease().isOpen()).isTrue();
            assertThat(mate.hasEnded()).isFalse();
            older.close();
            younger.close();
            assertThat(OffHeap.getLong(mate.lease().address())).isEqualTo(LeaseBed.mark(pages[0]));
            closeAll(mate);
            bed.pool().checkInvariants();
        }
    }

    @Test
    void closeIsRefusedDuringAMappingAndChangesNothing() throws InterruptedException {
        try (LeaseBed bed = bed(2)) {
            long page = bed.wiredPage();
            Hold hold = mappings.holdNext();
            WindowFixture.Acquirer mapper = mapping(bed, hold, page);
            assertThatThrownBy(bed.pool()::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("windows are being mapped: mappings=1");
            hold.end();
            assertThat(OffHeap.getLong(mapper.lease().address())).isEqualTo(LeaseBed.mark(page));
            closeAll(mapper);
        }
    }

    @Test
    void forcedCloseWaitsForTheMappingAndItsThreadGetsNoLease() throws InterruptedException {
        LeaseBed bed = bed(2);
        long page = bed.wiredPage();
        long used = bed.mappings().used();
        Hold hold = mappings.holdNext();
        WindowFixture.Acquirer mapper = mapping(bed, hold, page);
        WindowFixture.Acquirer mate = WindowFixture.waiting(bed, watchdog, "mate", page, LeaseFlag.DEFAULT, 0);
        Thread closer = watchdog.start("closer", bed.pool()::closeForcibly);
        assertThat(mate.failure()).isInstanceOf(LeaseStateException.class);
        Eventually.holds("the closer waits", () -> closer.getState() == Thread.State.WAITING);
        assertThat(bed.mappings().used()).isEqualTo(used);
        hold.end();
        assertThat(mapper.failure())
                .isInstanceOfSatisfying(
                        LeaseStateException.class, e -> assertThat(e.kind()).isEqualTo(StateKind.CLOSED));
        watchdog.join();
        assertThat(bed.mappings().used()).isEqualTo(used - 2);
        assertThat(bed.pool().stats().leases()).isZero();
        bed.close();
    }

    /// Starts a thread that acquires a page and is held in its mapping call.
    private WindowFixture.Acquirer mapping(LeaseBed bed, Hold hold, long page) throws InterruptedException {
        WindowFixture.Acquirer acquirer = new WindowFixture.Acquirer(bed.pool(), page, LeaseFlag.DEFAULT);
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
