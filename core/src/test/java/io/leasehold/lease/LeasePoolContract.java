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
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            try (Lease lease = fixture.pool().acquire(page)) {
                assertThat(lease.address() % fixture.pageBytes()).isZero();
                assertThat(OffHeap.getLong(lease.address())).isEqualTo(LeaseFixture.mark(page));
                OffHeap.putLong(lease.address() + fixture.pageBytes() - Long.BYTES, 42);
                assertThat(OffHeap.getLong(fixture.direct(page) + fixture.pageBytes() - Long.BYTES))
                        .isEqualTo(42);
                OffHeap.putLong(fixture.direct(page), 43);
                assertThat(lease.getLong(0)).isEqualTo(43);
            }
        }
    }

    @Test
    default void leasesOfOnePageHaveOneAddress() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            try (Lease first = fixture.pool().acquire(page);
                    Lease second = fixture.pool().acquire(page)) {
                assertThat(second.address()).isEqualTo(first.address());
            }
        }
    }

    @Test
    default void leasesOfTwoPagesHaveTwoAddresses() {
        try (LeaseFixture fixture = fixture()) {
            try (Lease first = fixture.pool().acquire(fixture.wiredPage());
                    Lease second = fixture.pool().acquire(fixture.wiredPage())) {
                assertThat(Math.abs(second.address() - first.address())).isGreaterThanOrEqualTo(fixture.pageBytes());
            }
        }
    }

    @Test
    default void leaseKnowsItsPageAndItsSize() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            try (Lease lease = fixture.pool().acquire(page)) {
                assertThat(lease.page()).isEqualTo(page);
                assertThat(lease.byteSize()).isEqualTo(fixture.pageBytes());
                assertThat(lease.isOpen()).isTrue();
            }
        }
    }

    @Test
    default void handleSaysWhatTheObjectSays() {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long page = fixture.wiredPage();
            long handle = pool.acquireHandle(page);
            try (Lease lease = pool.acquire(page)) {
                assertThat(handle).isNotEqualTo(LeasePool.NO_LEASE);
                assertThat(pool.isOpen(handle)).isTrue();
                assertThat(pool.address(handle)).isEqualTo(lease.address());
                assertThat(pool.page(handle)).isEqualTo(page);
                assertThat(pool.byteSize(handle)).isEqualTo(fixture.pageBytes());
            }
            pool.free(handle);
            assertThat(pool.isOpen(handle)).isFalse();
        }
    }

    @Test
    default void closedLeaseLeavesItsPageAllocatedAndWired() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            fixture.pool().acquire(page).close();
            assertThat(fixture.arena().frames().isLive(page)).isTrue();
            assertThat(fixture.arena().frames().wireCount(page)).isEqualTo(1);
            assertThat(OffHeap.getLong(fixture.direct(page))).isEqualTo(LeaseFixture.mark(page));
            PageArenas.checkInvariants(fixture.arena());
        }
    }

    @Test
    default void pageThatIsNotWiredIsRefused() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.arena().allocate();
            refusesPage(fixture, page, StateKind.NOT_WIRED, "cannot lease a page that is not wired");
            fixture.arena().frames().hold(page);
            refusesPage(fixture, page, StateKind.NOT_WIRED, "not wired");
            fixture.arena().frames().unhold(page);
            fixture.arena().free(page);
        }
    }

    @Test
    default void freedPageIsRefused() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            fixture.pool().acquire(page).close();
            fixture.free(page);
            refusesPage(fixture, page, StateKind.FREED, "cannot lease, page is freed");
        }
    }

    @Test
    default void staleHandleOfAPageIsRefusedThoughItsSuccessorIsWired() {
        try (LeaseFixture fixture = fixture()) {
            long old = fixture.wiredPage();
            fixture.free(old);
            long[] successors = fixture.wiredPages(LeaseFixture.PAGES);
            refusesPage(fixture, old, StateKind.STALE, "page has a new owner");
            assertThat(successors).hasSize(LeaseFixture.PAGES);
        }
    }

    @Test
    default void pageOfAnotherArenaIsRefused() {
        try (LeaseFixture fixture = fixture();
                LeaseFixture other = fixture()) {
            long page = other.wiredPage();
            refusesPage(fixture, page, StateKind.FOREIGN, "page handle is not of this arena");
            refusesPage(fixture, PageArena.NO_PAGE, StateKind.FOREIGN, "not of this arena");
        }
    }

    @Test
    default void pageOfAClosedArenaIsRefused() {
        LeaseFixture fixture = fixture();
        long page = fixture.wiredPage();
        fixture.closeArenaForcibly();
        refusesPage(fixture, page, StateKind.CLOSED, "arena is closed: arena");
        fixture.close();
    }

    @Test
    default void poolIsNotOpenedOverAClosedArena() {
        LeaseFixture fixture = fixture();
        fixture.close();
        assertThatThrownBy(() -> LeasePool.open(fixture.arena(), options()))
                .isInstanceOfSatisfying(
                        PageStateException.class, e -> assertThat(e.kind()).isEqualTo(StateKind.CLOSED));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 16, -1, Integer.MIN_VALUE})
    default void unknownFlagsAreRefused(int flags) {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            assertThatThrownBy(() -> fixture.pool().tryAcquire(page, flags))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("lease flags are unknown: flags=0x%x, max=0x7", flags);
            assertThatThrownBy(() -> fixture.pool().tryAcquireHandles(new long[] {page}, 1, flags, new long[1]))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(fixture.pool().stats().leases()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    default void flagsAndAPendingInterruptAreIgnoredIfNoWaitIsNeeded(int flags) {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Thread.currentThread().interrupt();
            try (Lease missed = LeasePoolFixture.acquired(fixture.pool().tryAcquire(page, flags));
                    Lease hit = LeasePoolFixture.acquired(fixture.pool().tryAcquire(page, flags))) {
                assertThat(hit.address()).isEqualTo(missed.address());
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
            } finally {
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(fixture.pool().stats().failures()).isZero();
        }
    }

    @Test
    default void batchIsAcquiredInItsOrder() {
        try (LeaseFixture fixture = fixture()) {
            long[] pages = fixture.wiredPages(20);
            long[] leases = new long[30];
            assertThat(fixture.pool().tryAcquireHandles(pages, 20, LeaseFlag.DEFAULT, leases))
                    .isEqualTo(20);
            for (int i = 0; i < pages.length; i++) {
                assertThat(fixture.pool().page(leases[i])).isEqualTo(pages[i]);
                assertThat(OffHeap.getLong(fixture.pool().address(leases[i]))).isEqualTo(LeaseFixture.mark(pages[i]));
                fixture.pool().free(leases[i]);
            }
            assertThat(Arrays.copyOfRange(leases, 20, 30)).containsOnly(LeasePool.NO_LEASE);
        }
    }

    @Test
    default void batchWithABadPageAcquiresNone() {
        try (LeaseFixture fixture = fixture()) {
            long[] pages = fixture.wiredPages(9);
            long bad = fixture.arena().allocate();
            pages[7] = bad;
            assertThatThrownBy(() -> fixture.pool().tryAcquireHandles(pages, 9, LeaseFlag.CPUPRIVATE, new long[9]))
                    .isInstanceOf(PageStateException.class);
            assertThat(fixture.pool().stats().leases()).isZero();
            fixture.pool().checkInvariants();
            fixture.arena().free(bad);
        }
    }

    @Test
    default void batchPastTheEndOfAnArrayAcquiresNone() {
        try (LeaseFixture fixture = fixture()) {
            long[] pages = fixture.wiredPages(3);
            for (ThrowingCallable call : new ThrowingCallable[] {
                () -> fixture.pool().tryAcquireHandles(pages, 3, LeaseFlag.DEFAULT, new long[2]),
                () -> fixture.pool().tryAcquireHandles(pages, 4, LeaseFlag.DEFAULT, new long[4]),
                () -> fixture.pool().tryAcquireHandles(pages, -1, LeaseFlag.DEFAULT, new long[4])
            }) {
                assertThatThrownBy(call).isInstanceOf(IndexOutOfBoundsException.class);
            }
            assertThat(fixture.pool().stats().leases()).isZero();
            assertThat(fixture.pool().tryAcquireHandles(pages, 0, LeaseFlag.DEFAULT, new long[0]))
                    .isZero();
        }
    }

    @Test
    default void statsCountOpenLeases() {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long page = fixture.wiredPage();
            assertThat(pool.stats().leases()).isZero();
            long first = pool.acquireHandle(page);
            long second = pool.ref(first);
            long third = pool.acquireHandle(fixture.wiredPage());
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
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease lease = fixture.pool().acquire(page);
            long confined = fixture.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE);
            assertThatThrownBy(fixture.pool()::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("cannot close, leases are open: 2, some: lease=")
                    .hasMessageContaining("page=0x" + Long.toHexString(page) + ", pool=loans; lease=");
            assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            assertThat(fixture.pool().isOpen(confined)).isTrue();
            fixture.pool().acquire(page).close();
            lease.close();
            fixture.pool().free(confined);
            fixture.pool().checkInvariants();
        }
    }

    @Test
    default void messageOfARefusedCloseIsShortHoweverManyLeasesAreOpen() {
        LeaseFixture fixture = fixture();
        long page = fixture.wiredPage();
        for (int i = 0; i < 1_000; i++) {
            fixture.pool().acquireHandle(page);
        }
        assertThatThrownBy(fixture.pool()::close)
                .hasMessageContaining("leases are open: 1000")
                .message()
                .hasSizeLessThan(500);
        fixture.closeForcibly();
    }

    @Test
    default void forcedCloseSaysHowManyLeasesItEndedAndEndsThem() {
        LeaseFixture fixture = fixture();
        long page = fixture.wiredPage();
        Lease lease = fixture.pool().acquire(page);
        long handle = fixture.pool().acquireHandle(page);
        long confined = fixture.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE);
        assertThat(fixture.pool().closeForcibly()).isEqualTo(3);
        assertThat(lease.isOpen()).isFalse();
        assertThat(fixture.pool().stats().leases()).isZero();
        assertRefused(StateKind.FREED, lease::address);
        assertRefused(StateKind.FREED, lease::close);
        assertRefused(StateKind.FREED, () -> lease.getByte(0));
        assertRefused(StateKind.FREED, lease::ref);
        assertRefused(StateKind.FREED, () -> fixture.pool().free(handle));
        assertRefused(StateKind.FREED, () -> fixture.pool().handOver(confined));
        fixture.close();
    }

    @Test
    default void closedPoolAcquiresNothing() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            fixture.pool().acquire(page).close();
            fixture.pool().close();
            assertRefused(StateKind.CLOSED, () -> fixture.pool().acquire(page))
                    .isEqualTo("lease pool is closed: pool=loans");
            assertRefused(StateKind.CLOSED, () -> fixture.pool().tryAcquire(page, LeaseFlag.NOWAIT));
            assertRefused(
                    StateKind.CLOSED,
                    () -> fixture.pool().tryAcquireHandles(new long[] {page}, 1, LeaseFlag.CATCH, new long[1]));
        }
    }

    @Test
    default void closingTwiceHasNoEffect() {
        LeaseFixture fixture = fixture();
        long page = fixture.wiredPage();
        fixture.pool().acquireHandle(page);
        assertThat(fixture.pool().closeForcibly()).isEqualTo(1);
        assertThat(fixture.pool().closeForcibly()).isZero();
        fixture.pool().close();
        fixture.close();
    }

    @Test
    default void arenaCanBeClosedAfterThePool() {
        LeaseFixture fixture = fixture();
        Reservations reservations = fixture.reservations();
        fixture.pool().acquire(fixture.wiredPage()).close();
        fixture.close();
        assertThat(reservations.retainedCount()).isZero();
        assertThat(fixture.mappings().used()).isZero();
    }

    private static void refusesPage(LeaseFixture fixture, long page, StateKind kind, String message) {
        for (ThrowingCallable call : new ThrowingCallable[] {
            () -> fixture.pool().acquire(page),
            () -> fixture.pool().acquireHandle(page),
            () -> fixture.pool().tryAcquire(page, LeaseFlag.NOWAIT | LeaseFlag.CATCH),
            () -> fixture.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE),
            () -> fixture.pool().tryAcquireHandles(new long[] {page}, 1, LeaseFlag.DEFAULT, new long[1])
        }) {
            assertThatThrownBy(call)
                    .isInstanceOfSatisfying(
                            PageStateException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                    .hasMessageContaining(message);
        }
        assertThat(fixture.pool().stats().leases()).isZero();
    }
}
