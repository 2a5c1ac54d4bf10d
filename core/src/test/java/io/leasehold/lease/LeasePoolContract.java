package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenas;
import io.leasehold.page.PageStateException;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Acquiring, and closing the pool: what every [LeasePool] does, wherever its pages appear.
interface LeasePoolContract extends LeasePoolFixture {

    @Test
    default void leaseIsAtAnAddressWhoseBytesAreThePages() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            try (Lease lease = bed.pool().acquire(page)) {
                assertThat(lease.address() % bed.pageBytes()).isZero();
                assertThat(OffHeap.getLong(lease.address())).isEqualTo(LeaseBed.mark(page));
                OffHeap.putLong(lease.address() + bed.pageBytes() - Long.BYTES, 42);
                assertThat(OffHeap.getLong(bed.direct(page) + bed.pageBytes() - Long.BYTES))
                        .isEqualTo(42);
                OffHeap.putLong(bed.direct(page), 43);
                assertThat(lease.getLong(0)).isEqualTo(43);
            }
        }
    }

    @Test
    default void leasesOfOnePageHaveOneAddress() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            try (Lease first = bed.pool().acquire(page);
                    Lease second = bed.pool().acquire(page)) {
                assertThat(second.address()).isEqualTo(first.address());
            }
        }
    }

    @Test
    default void leasesOfTwoPagesHaveTwoAddresses() {
        try (LeaseBed bed = bed()) {
            try (Lease first = bed.pool().acquire(bed.wiredPage());
                    Lease second = bed.pool().acquire(bed.wiredPage())) {
                assertThat(Math.abs(second.address() - first.address())).isGreaterThanOrEqualTo(bed.pageBytes());
            }
        }
    }

    @Test
    default void leaseKnowsItsPageAndItsSize() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            try (Lease lease = bed.pool().acquire(page)) {
                assertThat(lease.page()).isEqualTo(page);
                assertThat(lease.byteSize()).isEqualTo(bed.pageBytes());
                assertThat(lease.isOpen()).isTrue();
            }
        }
    }

    @Test
    default void handleSaysWhatTheObjectSays() {
        try (LeaseBed bed = bed()) {
            LeasePool pool = bed.pool();
            long page = bed.wiredPage();
            long handle = pool.acquireHandle(page);
            try (Lease lease = pool.acquire(page)) {
                assertThat(handle).isNotEqualTo(LeasePool.NO_LEASE);
                assertThat(pool.isOpen(handle)).isTrue();
                assertThat(pool.address(handle)).isEqualTo(lease.address());
                assertThat(pool.page(handle)).isEqualTo(page);
                assertThat(pool.byteSize(handle)).isEqualTo(bed.pageBytes());
            }
            pool.free(handle);
            assertThat(pool.isOpen(handle)).isFalse();
        }
    }

    @Test
    default void closedLeaseLeavesItsPageAllocatedAndWired() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            bed.pool().acquire(page).close();
            assertThat(bed.arena().frames().isLive(page)).isTrue();
            assertThat(bed.arena().frames().wireCount(page)).isEqualTo(1);
            assertThat(OffHeap.getLong(bed.direct(page))).isEqualTo(LeaseBed.mark(page));
            PageArenas.checkInvariants(bed.arena());
        }
    }

    @Test
    default void pageThatIsNotWiredIsRefused() {
        try (LeaseBed bed = bed()) {
            long page = bed.arena().allocate();
            refusesPage(bed, page, StateKind.NOT_WIRED, "cannot lease a page that is not wired");
            bed.arena().frames().hold(page);
            refusesPage(bed, page, StateKind.NOT_WIRED, "not wired");
            bed.arena().frames().unhold(page);
            bed.arena().free(page);
        }
    }

    @Test
    default void freedPageIsRefused() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            bed.pool().acquire(page).close();
            bed.free(page);
            refusesPage(bed, page, StateKind.FREED, "cannot lease, page is freed");
        }
    }

    @Test
    default void staleHandleOfAPageIsRefusedThoughItsSuccessorIsWired() {
        try (LeaseBed bed = bed()) {
            long old = bed.wiredPage();
            bed.free(old);
            long[] successors = bed.wiredPages(LeaseBed.PAGES);
            refusesPage(bed, old, StateKind.STALE, "page has a new owner");
            assertThat(successors).hasSize(LeaseBed.PAGES);
        }
    }

    @Test
    default void pageOfAnotherArenaIsRefused() {
        try (LeaseBed bed = bed();
                LeaseBed other = bed()) {
            long page = other.wiredPage();
            refusesPage(bed, page, StateKind.FOREIGN, "page handle is not of this arena");
            refusesPage(bed, PageArena.NO_PAGE, StateKind.FOREIGN, "not of this arena");
        }
    }

    @Test
    default void pageOfAClosedArenaIsRefused() {
        LeaseBed bed = bed();
        long page = bed.wiredPage();
        bed.closeArenaForcibly();
        refusesPage(bed, page, StateKind.CLOSED, "arena is closed: arena");
        bed.close();
    }

    @Test
    default void poolIsNotOpenedOverAClosedArena() {
        LeaseBed bed = bed();
        bed.close();
        assertThatThrownBy(() -> LeasePool.open(bed.arena(), options()))
                .isInstanceOfSatisfying(
                        PageStateException.class, e -> assertThat(e.kind()).isEqualTo(StateKind.CLOSED));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, -1, Integer.MIN_VALUE})
    default void unknownFlagsAreRefused(int flags) {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            assertThatThrownBy(() -> bed.pool().tryAcquire(page, flags))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("lease flags are unknown: flags=0x%x, max=0x7", flags);
            assertThatThrownBy(() -> bed.pool().tryAcquireHandles(new long[] {page}, 1, flags, new long[1]))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(bed.pool().stats().leases()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    default void flagsAndAPendingInterruptAreIgnoredIfNoWaitIsNeeded(int flags) {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            Thread.currentThread().interrupt();
            try (Lease missed = LeasePoolFixture.acquired(bed.pool().tryAcquire(page, flags));
                    Lease hit = LeasePoolFixture.acquired(bed.pool().tryAcquire(page, flags))) {
                assertThat(hit.address()).isEqualTo(missed.address());
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(bed.pool().stats().failures()).isZero();
        }
    }

    @Test
    default void batchIsAcquiredInItsOrder() {
        try (LeaseBed bed = bed()) {
            long[] pages = bed.wiredPages(20);
            long[] leases = new long[30];
            assertThat(bed.pool().tryAcquireHandles(pages, 20, LeaseFlag.DEFAULT, leases))
                    .isEqualTo(20);
            for (int i = 0; i < pages.length; i++) {
                assertThat(bed.pool().page(leases[i])).isEqualTo(pages[i]);
                assertThat(OffHeap.getLong(bed.pool().address(leases[i]))).isEqualTo(LeaseBed.mark(pages[i]));
                bed.pool().free(leases[i]);
            }
            assertThat(Arrays.copyOfRange(leases, 20, 30)).containsOnly(LeasePool.NO_LEASE);
        }
    }

    @Test
    default void batchWithABadPageAcquiresNone() {
        try (LeaseBed bed = bed()) {
            long[] pages = bed.wiredPages(9);
            long bad = bed.arena().allocate();
            pages[7] = bad;
            assertThatThrownBy(() -> bed.pool().tryAcquireHandles(pages, 9, LeaseFlag.CPUPRIVATE, new long[9]))
                    .isInstanceOf(PageStateException.class);
            assertThat(bed.pool().stats().leases()).isZero();
            bed.pool().checkInvariants();
            bed.arena().free(bad);
        }
    }

    @Test
    default void batchPastTheEndOfAnArrayAcquiresNone() {
        try (LeaseBed bed = bed()) {
            long[] pages = bed.wiredPages(3);
            for (ThrowingCallable call : new ThrowingCallable[] {
                () -> bed.pool().tryAcquireHandles(pages, 3, LeaseFlag.DEFAULT, new long[2]),
                () -> bed.pool().tryAcquireHandles(pages, 4, LeaseFlag.DEFAULT, new long[4]),
                () -> bed.pool().tryAcquireHandles(pages, -1, LeaseFlag.DEFAULT, new long[4])
            }) {
                assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class);
            }
            assertThat(bed.pool().stats().leases()).isZero();
            assertThat(bed.pool().tryAcquireHandles(pages, 0, LeaseFlag.DEFAULT, new long[0]))
                    .isZero();
        }
    }

    @Test
    default void statsCountOpenLeases() {
        try (LeaseBed bed = bed()) {
            LeasePool pool = bed.pool();
            long page = bed.wiredPage();
            assertThat(pool.stats().leases()).isZero();
            long first = pool.acquireHandle(page);
            long second = pool.ref(first);
            long third = pool.acquireHandle(bed.wiredPage());
            assertThat(pool.stats().leases()).isEqualTo(3);
            long moved = pool.handOver(second);
            assertThat(pool.stats().leases()).isEqualTo(3);
            pool.free(moved);
            pool.free(first);
            assertThat(pool.stats().leases()).isEqualTo(1);
            pool.free(third);
            assertThat(pool.stats().leases()).isZero();
        }
    }

    @Test
    default void poolWithOpenLeasesIsNotClosedAndNamesThem() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            Lease lease = bed.pool().acquire(page);
            long confined = bed.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE);
            assertThatThrownBy(bed.pool()::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("cannot close, leases are open: 2, some: lease=")
                    .hasMessageContaining("page=0x" + Long.toHexString(page) + ", pool=loans; lease=");
            assertThat(lease.getLong(0)).isEqualTo(LeaseBed.mark(page));
            assertThat(bed.pool().isOpen(confined)).isTrue();
            bed.pool().acquire(page).close();
            lease.close();
            bed.pool().free(confined);
            bed.pool().checkInvariants();
        }
    }

    @Test
    default void messageOfARefusedCloseIsShortHoweverManyLeasesAreOpen() {
        LeaseBed bed = bed();
        long page = bed.wiredPage();
        for (int i = 0; i < 1_000; i++) {
            bed.pool().acquireHandle(page);
        }
        assertThatThrownBy(bed.pool()::close)
                .hasMessageContaining("leases are open: 1000")
                .message()
                .hasSizeLessThan(500);
        bed.closeForcibly();
    }

    @Test
    default void forcedCloseSaysHowManyLeasesItEndedAndEndsThem() {
        LeaseBed bed = bed();
        long page = bed.wiredPage();
        Lease lease = bed.pool().acquire(page);
        long handle = bed.pool().acquireHandle(page);
        long confined = bed.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE);
        assertThat(bed.pool().closeForcibly()).isEqualTo(3);
        assertThat(lease.isOpen()).isFalse();
        assertThat(bed.pool().stats().leases()).isZero();
        assertRefused(StateKind.FREED, lease::address);
        assertRefused(StateKind.FREED, lease::close);
        assertRefused(StateKind.FREED, () -> lease.getByte(0));
        assertRefused(StateKind.FREED, lease::ref);
        assertRefused(StateKind.FREED, () -> bed.pool().free(handle));
        assertRefused(StateKind.FREED, () -> bed.pool().handOver(confined));
        bed.close();
    }

    @Test
    default void closedPoolAcquiresNothing() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            bed.pool().acquire(page).close();
            bed.pool().close();
            assertRefused(StateKind.CLOSED, () -> bed.pool().acquire(page))
                    .isEqualTo("lease pool is closed: pool=loans");
            assertRefused(StateKind.CLOSED, () -> bed.pool().tryAcquire(page, LeaseFlag.NOWAIT));
            assertRefused(
                    StateKind.CLOSED,
                    () -> bed.pool().tryAcquireHandles(new long[] {page}, 1, LeaseFlag.CATCH, new long[1]));
        }
    }

    @Test
    default void closingTwiceHasNoEffect() {
        LeaseBed bed = bed();
        long page = bed.wiredPage();
        bed.pool().acquireHandle(page);
        assertThat(bed.pool().closeForcibly()).isEqualTo(1);
        assertThat(bed.pool().closeForcibly()).isZero();
        bed.pool().close();
        bed.close();
    }

    @Test
    default void arenaCanBeClosedAfterThePool() {
        LeaseBed bed = bed();
        Reservations reservations = bed.reservations();
        bed.pool().acquire(bed.wiredPage()).close();
        bed.close();
        assertThat(reservations.parkedCount()).isZero();
        assertThat(bed.mappings().used()).isZero();
    }

    private static void refusesPage(LeaseBed bed, long page, StateKind kind, String message) {
        for (ThrowingCallable call : new ThrowingCallable[] {
            () -> bed.pool().acquire(page),
            () -> bed.pool().acquireHandle(page),
            () -> bed.pool().tryAcquire(page, LeaseFlag.NOWAIT | LeaseFlag.CATCH),
            () -> bed.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE),
            () -> bed.pool().tryAcquireHandles(new long[] {page}, 1, LeaseFlag.DEFAULT, new long[1])
        }) {
            assertThatThrownBy(call)
                    .isInstanceOfSatisfying(
                            PageStateException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                    .hasMessageContaining(message);
        }
        assertThat(bed.pool().stats().leases()).isZero();
    }
}
