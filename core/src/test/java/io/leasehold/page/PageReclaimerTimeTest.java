package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.Seeds;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.Pace;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Reclaimers are called by the clock, while a thread waits, and by several threads at once.
@Timeout(600)
class PageReclaimerTimeTest {

    private static final int PAGES = 64;
    private static final long SECOND = 1_000_000_000;
    private static final Duration DECAY = Duration.ofSeconds(8);

    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
    private final long pageBytes = Math.max(4096, VirtualMemory.system().pageSize());

    @AfterEach
    void releaseRetained() {
        reservations.releaseRetained();
    }

    @Test
    void waitingAllocationFindsPagesThatAReclaimerCachesMeanwhile() throws InterruptedException {
        try (PageArena arena = open()) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena);
            long last = arena.allocate();
            long run = arena.allocateRun(PAGES - 1);
            Watchdog watchdog = new Watchdog();
            AtomicLong page = new AtomicLong();
            watchdog.start(
                    "waiter", () -> page.set(arena.tryAllocateRun(1, Duration.ofSeconds(Watchdog.LIMIT_SECONDS))));
            watchdog.await("a second look", () -> reclaimer.shrinks.get() >= 2);
            reclaimer.pages.add(last); // nothing is freed, so no thread wakes the waiter
            watchdog.join();
            assertThat(page.get()).isNotEqualTo(PageArena.NO_PAGE);
            arena.checkInvariants();
            arena.free(page.get());
            arena.free(run);
        }
    }

    @Test
    void waitingAllocationCallsReclaimersAtAFixedIntervalWhateverWakesIt() throws InterruptedException {
        try (PageArena arena = open()) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena);
            long first = arena.allocateRun(PAGES / 2);
            long rest = arena.allocateRun(PAGES / 2 - 1);
            Watchdog watchdog = new Watchdog();
            CountDownLatch end = new CountDownLatch(1);
            watchdog.start("noise", () -> {
                while (end.getCount() > 0) {
                    arena.free(arena.allocate()); // wakes the waiter, which needs a longer run
                }
            });
            long begin = System.nanoTime();
            assertThat(arena.tryAllocateRun(2, Duration.ofMillis(100))).isEqualTo(PageArena.NO_PAGE);
            long looks = (System.nanoTime() - begin) / 10_000_000 + 2;
            end.countDown();
            watchdog.join();
            assertThat(reclaimer.shrinks.get()).isBetween(2, (int) looks);
            arena.free(first);
            arena.free(rest);
        }
    }

    @Test
    void reclaimersDecayInEachTick() {
        long start = 12_345;
        try (PageArena arena = PageArena.open(options(), reservations, start)) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena);
            for (int second = 0; second < 18; second++) {
                arena.decay().step(start + second * SECOND);
                assertThat(reclaimer.decays).hasValue(second + 1);
            }
            arena.decay().step(start + 100 * SECOND);
            assertThat(reclaimer.decays).as("once, however late it is").hasValue(19);
            assertThat(reclaimer.shrinks).as("calls of shrink in a tick").hasValue(0);
        }
    }

    @Test
    void pagesThatAReclaimerFreesAreDecommittedThoughAnotherThrows() {
        try (PageArena arena = PageArena.open(options(), reservations, 0)) {
            new CachingReclaimer(arena) {
                @Override
                public Progress decay(Pace pace) {
                    super.decay(pace);
                    throw new IllegalStateException("broken");
                }
            };
            CachingReclaimer sound = new CachingReclaimer(arena) {
                @Override
                public Progress decay(Pace pace) {
                    shrink();
                    return super.decay(pace);
                }
            };
            sound.fill(PAGES);
            for (int second = 1; second <= 17; second++) {
                assertThat(arena.decay().step(second * SECOND)).isEqualTo((second + 1) * SECOND);
            }
            assertThat(sound.decays).hasValue(17);
            PageArenaStats stats = arena.stats();
            assertThat(stats.livePages()).isZero();
            assertThat(stats.cachedPages()).isZero();
            if (reservations.memory().can(Capability.DECOMMIT)) {
                assertThat(stats.idlePages()).as("of %s", stats).isZero();
            }
        }
    }

    @Test
    void maintenanceOfTheProcessCallsDecayOfReclaimers() {
        try (PageArena arena = PageArena.open(
                options().toBuilder().decay(Duration.ofMillis(40)).build())) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena);
            Eventually.holds("decay was called", () -> reclaimer.decays.get() >= 3);
        }
    }

    /// Two users allocate pages up to the limit and put some in the cache of the reclaimer, which frees them on demand.
    /// A third thread trims.
    @Test
    void pageHasOneOwnerAtATimeWhileReclaimersAreCalled() throws InterruptedException {
        PageArena arena = open();
        CachingReclaimer reclaimer = new CachingReclaimer(arena);
        AtomicIntegerArray holders = new AtomicIntegerArray(PAGES);
        Watchdog watchdog = new Watchdog();
        CountDownLatch users = new CountDownLatch(2);
        SplittableRandom seeds = Seeds.random("PageReclaimerTest");
        for (int i = 1; i <= 2; i++) {
            int me = i;
            SplittableRandom random = seeds.split();
            watchdog.start("user " + i, () -> {
                use(reclaimer, holders, me, random);
                users.countDown();
            });
        }
        watchdog.start("trimmer", () -> {
            while (users.getCount() > 0 && !watchdog.hasFailed()) {
                arena.trim();
                Thread.yield();
            }
        });
        watchdog.join();
        assertThat(reclaimer.shrinks.get()).isPositive();
        arena.checkInvariants();
        reclaimer.shrink();
        arena.checkInvariants();
        arena.close();
    }

    private static void use(CachingReclaimer reclaimer, AtomicIntegerArray holders, int me, SplittableRandom random) {
        PageArena arena = reclaimer.arena;
        Deque<Long> mine = new ArrayDeque<>();
        for (int round = 0; round < 50_000; round++) {
            boolean takes = mine.isEmpty() || (mine.size() < PAGES / 2 && random.nextInt(3) > 0);
            long page = takes ? arena.tryAllocate() : PageArena.NO_PAGE;
            if (page != PageArena.NO_PAGE) {
                int index = FrameLayout.index(page);
                assertThat(holders.compareAndSet(index, 0, me))
                        .as("page %d was free", index)
                        .isTrue();
                mine.add(page);
            } else if (!mine.isEmpty()) {
                long last = mine.remove();
                assertThat(holders.compareAndSet(FrameLayout.index(last), me, 0))
                        .isTrue();
                if (random.nextBoolean()) {
                    reclaimer.pages.add(last);
                } else {
                    arena.free(last);
                }
            }
        }
        for (long page : mine) {
            holders.set(FrameLayout.index(page), 0);
            arena.free(page);
        }
    }

    private PageArena open() {
        return PageArena.open(
                options().toBuilder().decay(PageArenaOptions.NO_DECAY).build(), reservations, 0);
    }

    private PageArenaOptions options() {
        return PageArenaOptions.builder()
                .name("reclaimed")
                .byteSize(PAGES * pageBytes)
                .pageByteSize(pageBytes)
                .decay(DECAY)
                .budget(MemoryBudget.of("test", 1 << 30))
                .build();
    }
}
