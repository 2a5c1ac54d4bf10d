package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.Pace;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Decay with a clock of the test: a decay of eight seconds, so that a tick is one second.
class DecayTest {

    private static final long SECOND = 1_000_000_000;
    private static final Duration DECAY = Duration.ofSeconds(8);
    private static final int PAGES = 1024;
    private static final int REST_ROUNDS = 2_000;
    private static final int RUN = 100; // longer than the runs in magazines

    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
    private final long pageBytes = Math.max(4096, VirtualMemory.system().pageSize());

    @BeforeEach
    void skipWhereNothingGoesBack() {
        TestMemory.require(reservations.memory(), Capability.DECOMMIT);
    }

    @AfterEach
    void releaseRetained() {
        reservations.releaseRetained();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 12_345, -SECOND / 3, Long.MAX_VALUE - 5 * SECOND, Long.MIN_VALUE})
    void pagesKeepTheirMemoryForTheDecayAndAnEighthMoreAtMost(long start) {
        try (PageArena arena = open(DECAY, start)) {
            long run = touchedRun(arena);
            arena.decay().step(start);
            arena.free(run);
            for (int second = 1; second <= 8; second++) {
                arena.decay().step(start + second * SECOND);
                assertThat(memory(arena)).as("after %d s", second).isEqualTo(RUN * pageBytes);
            }
            arena.decay().step(start + 9 * SECOND - 1);
            assertThat(memory(arena)).isEqualTo(RUN * pageBytes);
            arena.decay().step(start + 9 * SECOND);
            assertThat(memory(arena)).isZero();
            assertThat(arena.stats().decommits()).isEqualTo(1);
            arena.checkInvariants();
        }
    }

    @Test
    void pageFreedWithinATickIsNoYoungerThanTheDecayWhenItGoes() {
        try (PageArena arena = open(DECAY, 0)) {
            long run = touchedRun(arena);
            arena.decay().step(5 * SECOND);
            arena.free(run); // at any time from 5 s to just before 6 s
            arena.decay().step(14 * SECOND - 1);
            assertThat(memory(arena)).isEqualTo(RUN * pageBytes);
            arena.decay().step(14 * SECOND); // between 8 and 9 s after the free
            assertThat(memory(arena)).isZero();
        }
    }

    @Test
    void stepReturnsTheTimeOfTheNextStep() {
        try (PageArena arena = open(DECAY, 100)) {
            assertThat(arena.decay().step(100)).isEqualTo(100 + SECOND);
            assertThat(arena.decay().step(100 + SECOND - 1)).isEqualTo(100 + SECOND);
            assertThat(arena.decay().step(100 + SECOND)).isEqualTo(100 + 2 * SECOND);
            assertThat(arena.decay().step(100 + 50 * SECOND + 7)).isEqualTo(100 + 51 * SECOND);
        }
    }

    @Test
    void clockThatIsLateGivesAllBackAtOnce() {
        try (PageArena arena = open(DECAY, 0)) {
            arena.free(touchedRun(arena));
            arena.decay().step(100 * SECOND);
            assertThat(memory(arena)).isZero();
        }
    }

    @Test
    void pageUsedAgainStartsToAgeAnew() {
        try (PageArena arena = open(DECAY, 0)) {
            arena.free(touchedRun(arena));
            arena.decay().step(8 * SECOND);
            arena.free(touchedRun(arena));
            arena.decay().step(16 * SECOND);
            assertThat(memory(arena)).isEqualTo(RUN * pageBytes);
            arena.decay().step(17 * SECOND);
            assertThat(memory(arena)).isZero();
        }
    }

    @Test
    void busyNeighbourKeepsNothingAlive() {
        try (PageArena arena = open(DECAY, 0)) {
            long busy = touchedRun(arena);
            long idle = touchedRun(arena);
            long live = touchedRun(arena);
            long busyAddress = arena.frames().address(busy);
            arena.free(idle);
            for (int second = 1; second <= 9; second++) {
                arena.free(busy);
                arena.decay().step(second * SECOND);
                busy = touchedRun(arena);
                assertThat(arena.frames().address(busy)).isEqualTo(busyAddress);
            }
            assertThat(memory(arena)).isEqualTo(2 * RUN * pageBytes);
            assertThat(arena.stats().idlePages()).isZero();
            arena.free(busy);
            arena.free(live);
        }
    }

    @Test
    void arenaThatGrowsKeepsItsIdlePagesUntilTheGrowthEnds() {
        int growth = (int) (FrameSupply.GROWTH_BYTES / pageBytes);
        PageArenaOptions options = options(DECAY).toBuilder()
                .byteSize(32 * FrameSupply.GROWTH_BYTES)
                .build();
        try (PageArena arena = PageArena.open(options, reservations, 0)) {
            List<Long> burst = Stream.generate(() -> arena.allocateRun(2 * growth))
                    .limit(8)
                    .toList();
            arena.decay().step(SECOND);
            burst.forEach(arena::free);
            for (int second = 2; second <= 12; second++) {
                arena.allocateRun(growth);
                arena.decay().step(second * SECOND);
                assertThat(arena.stats().decommits()).as("after %d s", second).isZero();
            }
            arena.decay().step(13 * SECOND);
            assertThat(arena.stats().decommits()).isPositive();
            assertThat(arena.stats().idlePages()).isZero();
            arena.checkInvariants();
            arena.closeForcibly();
        }
    }

    @Test
    void magazinesAreFlushedWithinADecayAndTheirPagesDecommittedWithinTheNext() {
        try (PageArena arena = open(DECAY, 0)) {
            List<Long> pages = Stream.generate(arena::allocate).limit(20).toList();
            pages.forEach(arena::free);
            int cached = arena.stats().cachedPages();
            long before = memory(arena);
            assertThat(cached).isPositive();
            for (int second = 1; second < 8; second++) {
                arena.decay().step(second * SECOND);
                assertThat(arena.stats().cachedPages()).as("after %d s", second).isEqualTo(cached);
            }
            arena.decay().step(8 * SECOND);
            assertThat(arena.stats().cachedPages()).isZero();
            assertThat(arena.stats().reclaims()).isEqualTo(1);
            assertThat(memory(arena)).isEqualTo(before);
            for (int second = 9; second <= 17; second++) {
                arena.decay().step(second * SECOND);
            }
            assertThat(memory(arena)).isZero();
            assertThat(arena.stats().reclaims())
                    .as("no flush of magazines that are shut")
                    .isEqualTo(1);
        }
    }

    @Test
    void livePagesKeepTheirMemory() {
        try (PageArena arena = open(DECAY, 0)) {
            long run = touchedRun(arena);
            for (int second = 0; second < 40; second++) {
                arena.decay().step(second * SECOND);
            }
            assertThat(memory(arena)).isEqualTo(RUN * pageBytes);
            arena.free(run);
        }
    }

    @Test
    void shortestDecayHasTicksOfAnEighth() {
        try (PageArena arena = open(Duration.ofMillis(1), 0)) {
            arena.free(touchedRun(arena));
            assertThat(arena.decay().step(0)).isEqualTo(125_000);
            arena.decay().step(1_124_999);
            assertThat(memory(arena)).isEqualTo(RUN * pageBytes);
            arena.decay().step(1_125_000);
            assertThat(memory(arena)).isZero();
        }
    }

    @Test
    void withoutDecayMemoryStaysUntilItIsTrimmed() {
        try (PageArena arena = open(PageArenaOptions.NO_DECAY, 0)) {
            arena.free(touchedRun(arena));
            arena.decay().step(Long.MAX_VALUE / 2);
            arena.decay().step(Long.MAX_VALUE);
            assertThat(memory(arena)).isEqualTo(RUN * pageBytes);
            assertThat(arena.trim()).isEqualTo(RUN * pageBytes);
        }
    }

    /// The reclaimers free nothing, and a change after a rest leads to another look.
    @Test
    void withoutDecayReclaimersOnlyWatch() {
        try (PageArena arena = open(PageArenaOptions.NO_DECAY, 0)) {
            AtomicInteger watches = new AtomicInteger();
            CachingReclaimer reclaimer = new CachingReclaimer(arena) {
                @Override
                public Progress watch() {
                    return watches.incrementAndGet() == 1 ? Progress.NEXT_TICK : Progress.DONE;
                }
            };
            AtomicInteger wakes = new AtomicInteger();
            arena.decay().onRequest(wakes::incrementAndGet);
            assertThat(arena.decay().step(0, Pace.unlimited())).isEqualTo(Decay.WATCH_NANOS);
            assertThat(arena.decay().step(Decay.WATCH_NANOS, Pace.unlimited())).isEqualTo(Decay.NEVER);
            assertThat(watches).hasValue(2);
            assertThat(wakes).hasValue(0);
            arena.free(touchedRun(arena));
            arena.free(touchedRun(arena));
            assertThat(wakes).hasValue(1);
            assertThat(arena.decay().step(2 * Decay.WATCH_NANOS, Pace.unlimited()))
                    .isEqualTo(Decay.NEVER);
            assertThat(watches).hasValue(3);
            assertThat(reclaimer.decays).hasValue(0);
        }
    }

    @Test
    void maintenanceOfTheProcessGivesBackWithoutAnyCall() {
        try (PageArena arena = PageArena.open(options(Duration.ofMillis(40)))) {
            arena.free(touchedRun(arena));
            // the memory is gone first; the statistics are updated after the kernel call returns
            Eventually.holds("the memory is gone", () -> memory(arena) == 0);
            assertThat(arena.stats().allocations()).isEqualTo(1);
        }
    }

    @Test
    void maintenanceServesEveryArenaAndForgetsClosedOnes() {
        try (PageArena slow = PageArena.open(options(Duration.ofHours(1)))) {
            slow.free(touchedRun(slow));
            for (int round = 0; round < 3; round++) {
                try (PageArena arena = PageArena.open(options(Duration.ofMillis(8)))) {
                    arena.free(touchedRun(arena));
                    Eventually.holds("the memory is gone", () -> memory(arena) == 0);
                }
            }
            assertThat(memory(slow)).isEqualTo(RUN * pageBytes);
        }
    }

    /// If the Java heap or the stack is too small to initialize a class, each later use of it is a linkage error. That
    /// is not the end of the class loader, after which an arena gets no more steps.
    @Test
    void maintenanceGoesOnAfterALinkageError() {
        AtomicBoolean isThrown = new AtomicBoolean();
        try (PageArena arena = PageArena.open(options(Duration.ofMillis(8)))) {
            new CachingReclaimer(arena) {
                @Override
                public Progress decay(Pace pace) {
                    if (!isThrown.getAndSet(true)) {
                        throw new NoClassDefFoundError("could not initialize a class");
                    }
                    return Progress.DONE;
                }
            };
            arena.free(touchedRun(arena));
            Eventually.holds("the memory is gone", () -> memory(arena) == 0);
            assertThat(isThrown).isTrue();
        }
    }

    /// A thread frees a run while a step finds that there is nothing to do.
    @Test
    void arenaThatGoesToRestMissesNoFreeRun() throws Exception {
        try (PageArena arena = open(Duration.ofMillis(8), 0)) {
            AtomicBoolean isWoken = new AtomicBoolean();
            arena.decay().onRequest(() -> isWoken.set(true));
            long now = 0;
            for (int round = 0; round < REST_ROUNDS; round++) {
                long run = arena.allocateRun(RUN);
                while (arena.decay().step(now, Pace.unlimited()) != Decay.NEVER) {
                    now += Duration.ofMillis(1).toNanos();
                }
                isWoken.set(false);
                CyclicBarrier both = new CyclicBarrier(2);
                Watchdog watchdog = new Watchdog();
                watchdog.start("frees", () -> {
                    both.await();
                    arena.free(run);
                });
                both.await();
                boolean isResting = arena.decay().step(now, Pace.unlimited()) == Decay.NEVER;
                watchdog.join();
                if (isResting && arena.stats().idlePages() > 0) {
                    assertThat(isWoken).as("woken, round %d", round).isTrue();
                }
                now += Duration.ofMillis(80).toNanos();
                arena.decay().step(now, Pace.unlimited());
            }
        }
    }

    /// The process may not start a thread when an arena is opened, but later.
    @Test
    void startThatFailsIsTriedAgainByTheNextRequest() {
        try (PageArena arena = open(Duration.ofMillis(8), 0)) {
            int[] wakes = new int[1];
            arena.decay().onRequest(() -> {
                if (++wakes[0] == 1) {
                    throw new OutOfMemoryError("unable to create native thread");
                }
            });
            arena.decay().start();
            assertThat(wakes).containsExactly(1);
            arena.decay().request();
            assertThat(wakes).containsExactly(2);
            arena.decay().request();
            assertThat(wakes).as("the arena does not rest any more").containsExactly(2);
        }
    }

    private PageArenaOptions options(Duration decay) {
        return PageArenaOptions.builder()
                .name("decaying")
                .byteSize(PAGES * pageBytes)
                .pageByteSize(pageBytes)
                .decay(decay)
                .budget(MemoryBudget.of("test", 1 << 30))
                .build();
    }

    private PageArena open(Duration decay, long now) {
        return PageArena.open(options(decay), reservations, now);
    }

    private static long touchedRun(PageArena arena) {
        long run = arena.allocateRun(RUN);
        OffHeap.fill(arena.frames().address(run), RUN * arena.options().pageByteSize(), (byte) 1);
        return run;
    }

    /// {@return bytes that the arena's pages are charged, after a check against the kernel}
    private static long memory(PageArena arena) {
        PageArenaStats stats = arena.stats();
        long charged = stats.committedBytes() - stats.tableBytes();
        assertThat(arena.residentBytes()).as("resident, of " + stats).isLessThanOrEqualTo(charged);
        return charged;
    }
}
