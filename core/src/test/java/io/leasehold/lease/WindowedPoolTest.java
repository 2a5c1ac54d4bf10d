package io.leasehold.lease;

import static io.leasehold.lease.WindowFixture.touch;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.page.PageArena;
import io.leasehold.page.Watchdog;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Opening and closing a pool of windows, and windows of several pages.
class WindowedPoolTest implements WindowFixture {

    private static final int CYCLES = Boolean.getBoolean("leasehold.soak") ? 100_000 : 1_000;

    private final FaultyVirtualMemory memory = WindowFixture.countedMemory();

    @Override
    public FaultyVirtualMemory memory() {
        return memory;
    }

    @Test
    void windowsOverAnonymousPagesAreRefused() {
        try (LeaseFixture fixture = new LeaseFixture(memory, false, LeasePoolOptions.directMap())) {
            assertThatThrownBy(() -> LeasePool.open(fixture.arena(), windows(7)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("windows need an arena with a memory file: pool=loans, slots=7, arena=arena");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 10, 11})
    void poolBeyondTheMappingBudgetChargesNothing(int left) {
        Reservations reservations = new Reservations(memory, new MappingBudget(4 + left));
        try (PageArena arena = LeaseFixture.openArena(reservations, true)) {
            assertThat(reservations.mappings().used()).isEqualTo(4);
            assertThatThrownBy(() -> LeasePool.open(arena, windows(10)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("out of kernel mappings: purpose=loans");
            assertThat(reservations.mappings().used()).isEqualTo(4);
            assertThat(reservations.retainedCount()).isZero();
        }
        reservations.releaseRetained();
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"RESERVE", "COMMIT"})
    void poolThatTheKernelRefusesChargesNothing(Call call) {
        try (LeaseFixture fixture = fixture(1)) {
            long used = fixture.mappings().used();
            memory.failOnce(call, 1, Errno.ENOMEM);
            assertThatThrownBy(() -> LeasePool.open(fixture.arena(), windows(100)))
                    .isInstanceOf(SystemCallException.class);
            fixture.reservations().releaseRetained();
            assertThat(fixture.mappings().used()).isEqualTo(used);
        }
    }

    @Test
    void windowsAreChargedWhenThePoolOpensAndNotWhenTheyAreUsed() {
        try (LeaseFixture fixture = fixture(1)) {
            long before = fixture.mappings().used();
            LeasePool pool = LeasePool.open(fixture.arena(), windows(100));
            long open = fixture.mappings().used();
            assertThat(open).isBetween(before + 100, before + 102);
            pool.acquire(fixture.wiredPage()).close();
            assertThat(fixture.mappings().used()).isEqualTo(open);
            pool.close();
        }
    }

    @Test
    void closedPoolGivesMappingsAndAddressSpaceBack() {
        try (LeaseFixture fixture = fixture(1)) {
            long before = fixture.mappings().used();
            int retained = fixture.reservations().retainedCount();
            LeasePool pool = LeasePool.open(fixture.arena(), windows(20));
            pool.acquire(fixture.wiredPage()).close();
            pool.close();
            pool.close();
            assertThat(fixture.reservations().retainedCount()).isEqualTo(retained + 1);
            fixture.reservations().releaseRetained();
            assertThat(fixture.mappings().used()).isEqualTo(before);
        }
    }

    @Test
    void addressSpaceOfAClosedPoolServesTheNextOne() {
        try (LeaseFixture fixture = fixture(1)) {
            long page = fixture.wiredPage();
            long[] addresses = new long[2];
            for (int i = 0; i < 2; i++) {
                LeasePool pool = LeasePool.open(fixture.arena(), windows(20));
                try (Lease lease = pool.acquire(page)) {
                    addresses[i] = lease.address();
                    assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
                }
                pool.close();
                assertThat(OffHeap.getLong(addresses[i])).isZero();
            }
            assertThat(addresses[1]).isEqualTo(addresses[0]);
        }
    }

    @Test
    void addressesOfAForciblyClosedPoolReadZeroAndLeadToThePageNoMore() {
        LeaseFixture fixture = fixture();
        long page = fixture.wiredPage();
        long windows = fixture.mappings().used();
        long kept = fixture.pool().acquire(page).address();
        assertThat(fixture.pool().closeForcibly()).isEqualTo(1);
        assertThat(OffHeap.getLong(kept)).isZero();
        OffHeap.putLong(kept, 1);
        assertThat(OffHeap.getLong(fixture.direct(page))).isEqualTo(LeaseFixture.mark(page));
        assertThat(fixture.reservations().retainedCount()).isZero();
        assertThat(fixture.mappings().used()).isEqualTo(windows - 4);
        fixture.close();
    }

    /// Addresses are used up in proportion to the windows that leases had, and mappings are not used up.
    @Test
    void poolsThatEndByForceLeaveAllOtherWindowsToLaterPools() {
        Reservations many = new Reservations(memory, new MappingBudget(64), 16);
        Set<Long> left = new HashSet<>();
        try (PageArena arena = LeaseFixture.openArena(many, true)) {
            long page = arena.allocate();
            arena.frames().wire(page);
            long content = arena.frames().address(page);
            OffHeap.putLong(content, LeaseFixture.mark(page));
            for (int cycle = 0; cycle < CYCLES; cycle++) {
                LeasePool pool = LeasePool.open(arena, windows(4));
                long address = pool.acquire(page).address();
                assertThat(left.add(address))
                        .as("window of one pool, cycle %d", cycle)
                        .isTrue();
                assertThat(OffHeap.getLong(address)).isEqualTo(LeaseFixture.mark(page));
                pool.checkInvariants();
                assertThat(pool.closeForcibly()).isOne();
                OffHeap.putLong(address, -1); // as a stale user does
                assertThat(many.mappings().used()).isEqualTo(3 * 2);
            }
            assertThat(many.remnantCount()).isOne();
            assertThat(OffHeap.getLong(content)).isEqualTo(LeaseFixture.mark(page));
            arena.frames().unwire(page);
            arena.free(page);
        }
        many.releaseRetained();
        assertThat(many.mappings().used()).isZero();
    }

    @Test
    void poolThatTheKernelDoesNotLetCloseStaysOpenAndIsClosedAgain() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            touch(fixture, page);
            long used = fixture.mappings().used();
            memory.failOnce(Call.UNMAP, 1, Errno.ENOMEM);
            assertThatThrownBy(fixture.pool()::close).isInstanceOf(SystemCallException.class);
            assertThat(fixture.mappings().used()).isEqualTo(used);
            fixture.pool().checkInvariants();
            touch(fixture, page);
            assertThat(fixture.pool().stats().hits()).isEqualTo(1);
        }
    }

    @Test
    void refusedCloseOfThePoolEndsNoLease() throws InterruptedException {
        try (LeaseFixture fixture = fixture(1)) {
            long[] pages = fixture.wiredPages(2);
            for (int round = 0; round < 50; round++) {
                LeasePool pool = LeasePool.open(fixture.arena(), windows(1));
                openManyAtOnce(pool, pages[0]);
                Watchdog watchdog = new Watchdog();
                AtomicBoolean closed = new AtomicBoolean();
                watchdog.start("acquirer", () -> {
                    // two pages and one window: each acquire is a miss, which gives the close time to come between
                    for (int i = 0; !closed.get(); i++) {
                        try {
                            closeSoon(pool.acquire(pages[i & 1]));
                        } catch (LeaseStateException e) {
                            assertThat(e.kind()).isEqualTo(StateKind.CLOSED);
                        }
                    }
                });
                watchdog.await(
                        "the first leases of the thread", () -> pool.stats().misses() > 2);
                watchdog.await("a close that finds no lease", () -> watchdog.hasFailed() || isClosed(pool));
                closed.set(true);
                watchdog.join();
            }
        }
    }

    /// Makes the pool have many records, so that a look at all of them takes longer than a miss.
    private static void openManyAtOnce(LeasePool pool, long page) {
        long[] leases = new long[20_000];
        for (int i = 0; i < leases.length; i++) {
            leases[i] = pool.acquireHandle(page);
        }
        // the acquiring thread gets the records that are visited first
        for (int i = leases.length - 1; i >= 0; i--) {
            pool.free(leases[i]);
        }
    }

    private static void closeSoon(Lease lease) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < 5_000) {
            Thread.onSpinWait();
        }
        try {
            lease.close();
        } catch (LeaseStateException e) {
            throw new AssertionError("another thread ended the lease", e);
        }
    }

    private static boolean isClosed(LeasePool pool) {
        try {
            pool.close();
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void runThatFillsItsWindowIsMappedInOneCall(int windowPages) {
        try (LeaseFixture fixture = fixture(windows(3).withWindowPages(windowPages))) {
            long[] runs = {fixture.wiredRun(windowPages), fixture.wiredRun(windowPages), fixture.wiredRun(windowPages)};
            long maps = maps();
            Lease[] leases = new Lease[3];
            for (int i = 0; i < 3; i++) {
                leases[i] = fixture.pool().acquire(runs[i]);
            }
            assertThat(maps()).isEqualTo(maps + 3);
            for (int i = 0; i < 3; i++) {
                assertThat(leases[i].byteSize()).isEqualTo(windowPages * fixture.pageBytes());
                for (int page = 0; page < windowPages; page++) {
                    assertThat(leases[i].getLong(page * fixture.pageBytes()))
                            .isEqualTo(LeaseFixture.mark(runs[i]) + page);
                }
                leases[i].close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7})
    void runLongerThanAWindowIsRefused(int windowPages) {
        try (LeaseFixture fixture = fixture(windows(3).withWindowPages(windowPages))) {
            long run = fixture.wiredRun(windowPages + 1);
            assertThatThrownBy(() -> fixture.pool().acquire(run))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("the run is too long", "pages=" + (windowPages + 1), "max=" + windowPages);
            assertThat(fixture.pool().stats().used()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void runThatGrowsUnderItsLeaseIsSeenAsFarAsTheWindowReaches(int windowPages) {
        try (LeaseFixture fixture = fixture(windows(2).withWindowPages(windowPages))) {
            long page = fixture.wiredPage();
            try (Lease lease = fixture.pool().acquire(page)) {
                for (int pages = 2; pages <= 4; pages++) {
                    assertThat(fixture.arena().tryGrow(page, 1)).isTrue();
                    long seen = Math.min(pages, windowPages) * fixture.pageBytes();
                    assertThat(lease.byteSize()).isEqualTo(seen);
                    assertThat(lease.segment().byteSize()).isEqualTo(seen);
                    lease.putLong(seen - Long.BYTES, pages);
                    assertThat(OffHeap.getLong(fixture.direct(page) + seen - Long.BYTES))
                            .isEqualTo(pages);
                    assertThatThrownBy(() -> lease.getLong(seen)).isInstanceOf(IndexOutOfBoundsException.class);
                }
            }
        }
    }

    @Test
    void pageAtTheEndOfTheArenaIsSeenThroughAWiderWindow() {
        try (LeaseFixture fixture = fixture(windows(2).withWindowPages(8))) {
            long[] pages = fixture.wiredPages(LeaseFixture.PAGES);
            for (long page : pages) {
                touch(fixture, page);
            }
        }
    }

    @Test
    void optionsOutOfTheirBoundsAreRefused() {
        assertThatThrownBy(() -> LeasePoolOptions.windowed(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("slots is out of bounds: slots=0, min=1, max=1048576");
        assertThatThrownBy(() -> windows(LeasePoolOptions.MAX_SLOTS + 1)).hasMessageContaining("slots=1048577");
        assertThatThrownBy(() -> windows(1).withWindowPages(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("windowPages is out of bounds: windowPages=0, min=1, max=32768");
        assertThatThrownBy(() -> windows(1).withWindowPages(1 << 16)).hasMessageContaining("65536");
    }
}
