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
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            try (Lease first = bed.pool().acquire(page);
                    Lease second = bed.pool().acquire(page)) {
                assertThat(second.address()).isEqualTo(first.address());
                assertThat(bed.pool().stats()).isEqualTo(new LeasePoolStats(4, 1, 1, 1, 1, 0, 0, 0, 2));
                assertThat(bed.pool().stats().free()).isEqualTo(3);
            }
            assertThat(bed.pool().stats()).isEqualTo(new LeasePoolStats(4, 0, 1, 1, 1, 0, 0, 0, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 64})
    void releasedPageIsAHitUntilAsManyOthersIntervenedAsThereAreWindows(int slots) {
        try (LeaseBed bed = bed(slots)) {
            long page = bed.wiredPage();
            long[] others = bed.wiredPages(slots);
            long address = touch(bed, page);
            for (int i = 0; i < slots - 1; i++) {
                touch(bed, others[i]);
            }
            long maps = maps();
            assertThat(touch(bed, page)).isEqualTo(address);
            assertThat(maps()).isEqualTo(maps);
            for (long other : others) {
                touch(bed, other);
            }
            assertThat(isMapped(bed, page)).isFalse();
            assertThat(bed.pool().stats().peak()).isEqualTo(1);
        }
    }

    @Test
    void windowsAreVirginBeforeAnyIsRecycled() {
        try (LeaseBed bed = bed(3)) {
            long[] pages = bed.wiredPages(3);
            long first = touch(bed, pages[0]);
            assertThat(touch(bed, pages[1])).isEqualTo(first + bed.pageBytes());
            assertThat(touch(bed, pages[2])).isEqualTo(first + 2 * bed.pageBytes());
        }
    }

    @Test
    void hitAndCloseCallTheKernelNever() {
        try (LeaseBed bed = bed()) {
            LeasePool pool = bed.pool();
            long page = bed.wiredPage();
            touch(bed, page);
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
        try (LeaseBed bed = bed(2)) {
            long[] pages = bed.wiredPages(5);
            for (int i = 0; i < 50; i++) {
                long maps = maps();
                long calls = calls();
                touch(bed, pages[i % 5]);
                assertThat(maps()).isEqualTo(maps + 1);
                assertThat(calls()).isEqualTo(calls + 1);
            }
            assertThat(bed.pool().stats().misses()).isEqualTo(50);
        }
    }

    @Test
    void leastRecentlyReleasedWindowIsRecycledFirst() {
        try (LeaseBed bed = bed(3)) {
            long[] pages = bed.wiredPages(6);
            long[] addresses = {touch(bed, pages[0]), touch(bed, pages[1]), touch(bed, pages[2])};
            assertThat(touch(bed, pages[3])).isEqualTo(addresses[0]);
            assertThat(touch(bed, pages[4])).isEqualTo(addresses[1]);
            assertThat(touch(bed, pages[5])).isEqualTo(addresses[2]);
        }
    }

    @Test
    void hitTakesAnInactiveWindowOutOfItsTurn() {
        try (LeaseBed bed = bed(3)) {
            long[] pages = bed.wiredPages(5);
            long[] addresses = {touch(bed, pages[0]), touch(bed, pages[1]), touch(bed, pages[2])};
            assertThat(touch(bed, pages[0])).isEqualTo(addresses[0]);
            assertThat(touch(bed, pages[3])).isEqualTo(addresses[1]);
            assertThat(touch(bed, pages[4])).isEqualTo(addresses[2]);
            assertThat(isMapped(bed, pages[0])).isTrue();
        }
    }

    @Test
    void windowInUseIsNotRecycledHoweverLongAgoItWasAcquired() {
        try (LeaseBed bed = bed(3)) {
            long[] pages = bed.wiredPages(12);
            try (Lease kept = bed.pool().acquire(pages[0])) {
                for (int i = 1; i < pages.length; i++) {
                    assertThat(touch(bed, pages[i])).isNotEqualTo(kept.address());
                }
                assertThat(kept.getLong(0)).isEqualTo(LeaseBed.mark(pages[0]));
            }
        }
    }

    @Test
    void orderIsThatOfReleasesAndNotOfAcquires() {
        try (LeaseBed bed = bed(3)) {
            long[] pages = bed.wiredPages(6);
            Lease first = bed.pool().acquire(pages[0]);
            Lease second = bed.pool().acquire(pages[1]);
            Lease third = bed.pool().acquire(pages[2]);
            long[] inOrderOfRelease = {second.address(), third.address(), first.address()};
            second.close();
            third.close();
            first.close();
            for (int i = 0; i < 3; i++) {
                assertThat(touch(bed, pages[3 + i])).isEqualTo(inOrderOfRelease[i]);
            }
        }
    }

    @Test
    void lastReleaseOfAWindowIsWhatCounts() {
        try (LeaseBed bed = bed(2)) {
            long[] pages = bed.wiredPages(3);
            Lease first = bed.pool().acquire(pages[0]);
            Lease again = first.ref();
            Lease second = bed.pool().acquire(pages[1]);
            long address = second.address();
            first.close();
            second.close();
            again.close();
            assertThat(touch(bed, pages[2])).isEqualTo(address);
        }
    }

    @Test
    void windowFoundInUseOnceComesBackInItsTurn() {
        try (LeaseBed bed = bed(3)) {
            long[] pages = bed.wiredPages(6);
            Lease first = bed.pool().acquire(pages[0]);
            long address = first.address();
            long second = touch(bed, pages[1]);
            long third = touch(bed, pages[2]);
            touch(bed, pages[3]); // the search for a victim removes the window in use from the order
            first.close();
            bed.pool().checkInvariants();
            assertThat(touch(bed, pages[4])).isEqualTo(third);
            assertThat(touch(bed, pages[5])).isEqualTo(second);
            assertThat(touch(bed, pages[1])).isEqualTo(address);
        }
    }

    @Test
    void freedPageDoesNotBlockItsWindow() {
        try (LeaseBed bed = bed(2)) {
            long page = bed.wiredPage();
            touch(bed, page);
            bed.free(page);
            for (long next : bed.wiredPages(8)) {
                touch(bed, next);
            }
            bed.pool().checkInvariants();
        }
    }

    @Test
    void successorOfAFreedPageIsAHitOnTheSameFrame() {
        try (LeaseBed bed = bed(2)) {
            long page = bed.wiredPage();
            long direct = bed.direct(page);
            long address = touch(bed, page);
            bed.free(page);
            long next = bed.wiredPage();
            assertThat(bed.direct(next)).isEqualTo(direct);
            assertThat(touch(bed, next)).isEqualTo(address);
            assertThat(bed.pool().stats().misses()).isEqualTo(1);
        }
    }

    @Test
    void windowWhoseMappingWasRefusedIsTheNextVictim() {
        try (LeaseBed bed = bed(3)) {
            LeasePool pool = bed.pool();
            long[] pages = bed.wiredPages(5);
            long victim = touch(bed, pages[0]);
            touch(bed, pages[1]);
            touch(bed, pages[2]);
            memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
            assertThatThrownBy(() -> pool.acquire(pages[3]))
                    .isInstanceOfSatisfying(
                            SystemCallException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
            pool.checkInvariants();
            assertThat(pool.stats()).isEqualTo(new LeasePoolStats(3, 0, 1, 0, 3, 0, 0, 0, 0));
            assertThat(touch(bed, pages[4])).isEqualTo(victim);
            assertThat(isMapped(bed, pages[1])).isTrue();
            assertThat(isMapped(bed, pages[2])).isTrue();
            assertThat(isMapped(bed, pages[0])).isFalse();
        }
    }

    @Test
    void batchKeepsNothingIfTheKernelRefusesAMapping() {
        try (LeaseBed bed = bed(4)) {
            LeasePool pool = bed.pool();
            long[] pages = bed.wiredPages(4);
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
        try (LeaseBed bed = bed(3)) {
            LeasePool pool = bed.pool();
            long[] pages = bed.wiredPages(5);
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
