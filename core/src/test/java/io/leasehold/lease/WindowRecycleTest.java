package io.leasehold.lease;

import static io.leasehold.lease.WindowFixture.isMapped;
import static io.leasehold.lease.WindowFixture.touch;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which window serves which page, when it is recycled, and what that costs in calls to the kernel.
class WindowRecycleTest implements WindowFixture {

    private final FaultyVirtualMemory memory = WindowFixture.countedMemory();

    @Override
    public FaultyVirtualMemory memory() {
        return memory;
    }

    @Test
    void leasesOfOnePageShareOneWindow() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            try (Lease first = fixture.pool().acquire(page);
                    Lease second = fixture.pool().acquire(page)) {
                assertThat(second.address()).isEqualTo(first.address());
                assertThat(fixture.pool().stats()).isEqualTo(new LeasePoolStats(4, 1, 1, 1, 1, 0, 0, 0, 2));
                assertThat(fixture.pool().stats().free()).isEqualTo(3);
            }
            assertThat(fixture.pool().stats()).isEqualTo(new LeasePoolStats(4, 0, 1, 1, 1, 0, 0, 0, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 64})
    void releasedPageIsAHitUntilAsManyOthersIntervenedAsThereAreWindows(int slots) {
        try (LeaseFixture fixture = fixture(slots)) {
            long page = fixture.wiredPage();
            long[] others = fixture.wiredPages(slots);
            long address = touch(fixture, page);
            for (int i = 0; i < slots - 1; i++) {
                touch(fixture, others[i]);
            }
            long maps = maps();
            assertThat(touch(fixture, page)).isEqualTo(address);
            assertThat(maps()).isEqualTo(maps);
            for (long other : others) {
                touch(fixture, other);
            }
            assertThat(isMapped(fixture, page)).isFalse();
            assertThat(fixture.pool().stats().peak()).isEqualTo(1);
        }
    }

    @Test
    void windowsAreVirginBeforeAnyIsRecycled() {
        try (LeaseFixture fixture = fixture(3)) {
            long[] pages = fixture.wiredPages(3);
            long first = touch(fixture, pages[0]);
            assertThat(touch(fixture, pages[1])).isEqualTo(first + fixture.pageBytes());
            assertThat(touch(fixture, pages[2])).isEqualTo(first + 2 * fixture.pageBytes());
        }
    }

    @Test
    void hitAndCloseCallTheKernelNever() {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long page = fixture.wiredPage();
            touch(fixture, page);
            long calls = calls();
            for (int flags = 0; flags < 8; flags++) {
                long first = pool.tryAcquireHandle(page, flags);
                long second = pool.ref(first);
                pool.free(pool.handOver(first));
                pool.adopt(second).close();
            }
            assertThat(calls()).isEqualTo(calls);
            assertThat(pool.stats().hits()).isEqualTo(16);
        }
    }

    @Test
    void recycleIsOneMappingCall() {
        try (LeaseFixture fixture = fixture(2)) {
            long[] pages = fixture.wiredPages(5);
            for (int i = 0; i < 50; i++) {
                long maps = maps();
                long calls = calls();
                touch(fixture, pages[i % 5]);
                assertThat(maps()).isEqualTo(maps + 1);
                assertThat(calls()).isEqualTo(calls + 1);
            }
            assertThat(fixture.pool().stats().misses()).isEqualTo(50);
        }
    }

    @Test
    void leastRecentlyReleasedWindowIsRecycledFirst() {
        try (LeaseFixture fixture = fixture(3)) {
            long[] pages = fixture.wiredPages(6);
            long[] addresses = {touch(fixture, pages[0]), touch(fixture, pages[1]), touch(fixture, pages[2])};
            assertThat(touch(fixture, pages[3])).isEqualTo(addresses[0]);
            assertThat(touch(fixture, pages[4])).isEqualTo(addresses[1]);
            assertThat(touch(fixture, pages[5])).isEqualTo(addresses[2]);
        }
    }

    @Test
    void hitTakesAnInactiveWindowOutOfItsTurn() {
        try (LeaseFixture fixture = fixture(3)) {
            long[] pages = fixture.wiredPages(5);
            long[] addresses = {touch(fixture, pages[0]), touch(fixture, pages[1]), touch(fixture, pages[2])};
            assertThat(touch(fixture, pages[0])).isEqualTo(addresses[0]);
            assertThat(touch(fixture, pages[3])).isEqualTo(addresses[1]);
            assertThat(touch(fixture, pages[4])).isEqualTo(addresses[2]);
            assertThat(isMapped(fixture, pages[0])).isTrue();
        }
    }

    @Test
    void windowInUseIsNotRecycledHoweverLongAgoItWasAcquired() {
        try (LeaseFixture fixture = fixture(3)) {
            long[] pages = fixture.wiredPages(12);
            try (Lease kept = fixture.pool().acquire(pages[0])) {
                for (int i = 1; i < pages.length; i++) {
                    assertThat(touch(fixture, pages[i])).isNotEqualTo(kept.address());
                }
                assertThat(kept.getLong(0)).isEqualTo(LeaseFixture.mark(pages[0]));
            }
        }
    }

    @Test
    void orderIsThatOfReleasesAndNotOfAcquires() {
        try (LeaseFixture fixture = fixture(3)) {
            long[] pages = fixture.wiredPages(6);
            Lease first = fixture.pool().acquire(pages[0]);
            Lease second = fixture.pool().acquire(pages[1]);
            Lease third = fixture.pool().acquire(pages[2]);
            long[] inOrderOfRelease = {second.address(), third.address(), first.address()};
            second.close();
            third.close();
            first.close();
            for (int i = 0; i < 3; i++) {
                assertThat(touch(fixture, pages[3 + i])).isEqualTo(inOrderOfRelease[i]);
            }
        }
    }

    @Test
    void lastReleaseOfAWindowIsWhatCounts() {
        try (LeaseFixture fixture = fixture(2)) {
            long[] pages = fixture.wiredPages(3);
            Lease first = fixture.pool().acquire(pages[0]);
            Lease again = first.ref();
            Lease second = fixture.pool().acquire(pages[1]);
            long address = second.address();
            first.close();
            second.close();
            again.close();
            assertThat(touch(fixture, pages[2])).isEqualTo(address);
        }
    }

    @Test
    void windowFoundInUseOnceComesBackInItsTurn() {
        try (LeaseFixture fixture = fixture(3)) {
            long[] pages = fixture.wiredPages(6);
            Lease first = fixture.pool().acquire(pages[0]);
            long address = first.address();
            long second = touch(fixture, pages[1]);
            long third = touch(fixture, pages[2]);
            touch(fixture, pages[3]); // the search for a victim removes the window in use from the order
            first.close();
            fixture.pool().checkInvariants();
            assertThat(touch(fixture, pages[4])).isEqualTo(third);
            assertThat(touch(fixture, pages[5])).isEqualTo(second);
            assertThat(touch(fixture, pages[1])).isEqualTo(address);
        }
    }

    @Test
    void freedPageDoesNotBlockItsWindow() {
        try (LeaseFixture fixture = fixture(2)) {
            long page = fixture.wiredPage();
            touch(fixture, page);
            fixture.free(page);
            for (long next : fixture.wiredPages(8)) {
                touch(fixture, next);
            }
            fixture.pool().checkInvariants();
        }
    }

    @Test
    void successorOfAFreedPageIsAHitOnTheSameFrame() {
        try (LeaseFixture fixture = fixture(2)) {
            long page = fixture.wiredPage();
            long direct = fixture.direct(page);
            long address = touch(fixture, page);
            fixture.free(page);
            long next = fixture.wiredPage();
            assertThat(fixture.direct(next)).isEqualTo(direct);
            assertThat(touch(fixture, next)).isEqualTo(address);
            assertThat(fixture.pool().stats().misses()).isEqualTo(1);
        }
    }

    @Test
    void windowWhoseMappingWasRefusedIsTheNextVictim() {
        try (LeaseFixture fixture = fixture(3)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(5);
            long victim = touch(fixture, pages[0]);
            touch(fixture, pages[1]);
            touch(fixture, pages[2]);
            memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
            assertThatThrownBy(() -> pool.acquire(pages[3]))
                    .isInstanceOfSatisfying(
                            SystemCallException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
            pool.checkInvariants();
            assertThat(pool.stats()).isEqualTo(new LeasePoolStats(3, 0, 1, 0, 3, 0, 0, 0, 0));
            assertThat(touch(fixture, pages[4])).isEqualTo(victim);
            assertThat(isMapped(fixture, pages[1])).isTrue();
            assertThat(isMapped(fixture, pages[2])).isTrue();
            assertThat(isMapped(fixture, pages[0])).isFalse();
        }
    }

    @Test
    void batchKeepsNothingIfTheKernelRefusesAMapping() {
        try (LeaseFixture fixture = fixture(4)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(4);
            memory.failOnce(Call.MAP, 3, Errno.ENOMEM);
            assertThatThrownBy(() -> pool.tryAcquireHandles(pages, 4, LeaseFlag.DEFAULT, new long[4]))
                    .isInstanceOf(SystemCallException.class);
            assertThat(pool.stats().leases()).isZero();
            assertThat(pool.stats().used()).isZero();
            pool.checkInvariants();
        }
    }

    @Test
    void batchTakesWhatThereIsAndGivesUpTheRest() {
        try (LeaseFixture fixture = fixture(3)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(5);
            long[] leases = new long[5];
            assertThat(pool.tryAcquireHandles(pages, 5, LeaseFlag.DEFAULT, leases))
                    .isEqualTo(3);
            assertThat(pool.stats()).isEqualTo(new LeasePoolStats(3, 3, 3, 0, 3, 0, 0, 1, 3));
            assertThat(pool.tryAcquireHandles(new long[] {pages[4]}, 1, LeaseFlag.NOWAIT, new long[1]))
                    .isZero();
            for (int i = 0; i < 3; i++) {
                assertThat(pool.page(leases[i])).isEqualTo(pages[i]);
                pool.free(leases[i]);
            }
        }
    }

    @Test
    void windowHasRoomForAsManyLeasesAsThereAreRecords() {
        WindowSlots slots = new WindowSlots(1);
        slots.tryTake(0, slots.word(0));
        slots.link(0, 4096);
        slots.finish(0);
        for (int leases = 2; leases <= 1 << 24; leases++) {
            slots.tryJoin(0, 4096);
        }
        assertThat(WindowSlots.isInUse(slots.word(0))).isTrue();
        assertThat(WindowSlots.leases(slots.word(0))).isEqualTo(1 << 24);
        assertThat((long) LeaseLayout.MAX_RECORDS).isLessThan(WindowSlots.QUEUED);
    }
}
