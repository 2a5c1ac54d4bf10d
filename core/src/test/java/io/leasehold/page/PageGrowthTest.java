package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.Pace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The cost of decommits, counted in visits to pageblocks, flushes and calls of reclaimers. It must be in proportion to
/// what changed, not to what is held.
@Timeout(600)
class PageGrowthTest {

    private static final long SECOND = 1_000_000_000;
    private static final int PAGEBLOCK = BitmapLayout.PAGEBLOCK_PAGES;

    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
    private final long pageBytes = Math.max(4096, VirtualMemory.system().pageSize());

    @AfterEach
    void releaseRetained() {
        reservations.releaseRetained();
    }

    /// One page in each pageblock becomes idle. Each pageblock is visited once, when that page is due.
    @ParameterizedTest
    @ValueSource(ints = {4, 8, 16, 32})
    void blockIsLookedAtOnceForWhatWasFreedInIt(int pageblocks) {
        TestMemory.require(reservations.memory(), Capability.DECOMMIT);
        try (PageArena arena = open(pageblocks * PAGEBLOCK, Duration.ofSeconds(8))) {
            List<Long> runs = new ArrayList<>();
            List<Long> ends = new ArrayList<>();
            for (int i = 0; i < pageblocks; i++) {
                long run = arena.allocateRun(PAGEBLOCK);
                ends.add(arena.split(run, PAGEBLOCK - 1));
                runs.add(run);
            }
            ends.forEach(arena::free);
            for (int second = 1; second <= 40; second++) {
                arena.decay().step(second * SECOND);
            }
            assertThat(arena.stats().idlePages()).isZero();
            assertThat(arena.count(counts -> counts.looks)).isEqualTo(pageblocks);
            runs.forEach(arena::free);
        }
    }

    /// Pages that are freed again and again cause no visits to other pageblocks.
    @ParameterizedTest
    @ValueSource(ints = {4, 8, 16, 32})
    void busyPageblockLeavesTheOthersAlone(int pageblocks) {
        TestMemory.require(reservations.memory(), Capability.DECOMMIT);
        try (PageArena arena = open(pageblocks * PAGEBLOCK, Duration.ofSeconds(8))) {
            List<Long> runs = new ArrayList<>();
            for (int i = 0; i < pageblocks; i++) {
                runs.add(arena.allocateRun(PAGEBLOCK));
            }
            long busy = arena.split(runs.getFirst(), PAGEBLOCK - 100);
            for (int second = 1; second <= 40; second++) {
                arena.free(busy);
                arena.decay().step(second * SECOND);
                busy = arena.allocateRun(100);
            }
            assertThat(arena.count(counts -> counts.looks))
                    .as("looks in 40 ticks")
                    .isLessThanOrEqualTo(40);
            arena.free(busy);
            runs.forEach(arena::free);
        }
    }

    @Test
    void unusedArenaIsNeitherFlushedNorVisited() {
        try (PageArena arena = open(PAGEBLOCK, Duration.ofSeconds(8))) {
            arena.free(arena.allocate());
            for (int second = 1; second <= 40; second++) {
                arena.decay().step(second * SECOND);
            }
            PageArenaStats before = arena.stats();
            long looks = arena.count(counts -> counts.looks);
            assertThat(before.reclaims()).isEqualTo(1);
            assertThat(arena.decay().step(41 * SECOND, Pace.unlimited())).isEqualTo(Decay.NEVER);
            assertThat(arena.stats()).isEqualTo(before);
            assertThat(arena.count(counts -> counts.looks)).isEqualTo(looks);
        }
    }

    /// A page that becomes idle, and a magazine that gets its first page, end the rest of an arena.
    @Test
    void arenaRestsUntilSomethingIsFreed() {
        TestMemory.require(reservations.memory(), Capability.DECOMMIT);
        try (PageArena arena = open(PAGEBLOCK, Duration.ofSeconds(8))) {
            int[] wakes = new int[1];
            arena.decay().onRequest(() -> wakes[0]++);
            long single = arena.allocate(); // opens the slot of this thread
            long run = arena.allocateRun(100);
            long now = 0;
            while (arena.decay().step(now, Pace.unlimited()) != Decay.NEVER) {
                now += SECOND;
            }
            wakes[0] = 0; // drop the wake-ups of earlier steps
            arena.free(run);
            assertThat(wakes[0]).isEqualTo(1);
            arena.free(single);
            assertThat(wakes[0]).as("the arena was awake already").isEqualTo(1);
            while (arena.decay().step(now, Pace.unlimited()) != Decay.NEVER) {
                now += SECOND;
            }
            wakes[0] = 0;
            arena.free(arena.allocate());
            assertThat(wakes[0]).isEqualTo(1);
            ArenaAccess.of(arena).addReclaimer(new CachingReclaimer(arena));
            assertThat(arena.decay().step(now, Pace.unlimited())).isGreaterThan(now);
        }
    }

    @Test
    void requestThatIsRejectedAgainFlushesAndVisitsNothing() {
        try (PageArena arena = open(PAGEBLOCK, Duration.ofSeconds(8))) {
            long run = arena.allocateRun(PAGEBLOCK);
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            PageArenaStats before = arena.stats();
            long looks = arena.count(counts -> counts.looks);
            for (int i = 0; i < 1_000; i++) {
                assertThat(arena.tryAllocateRun(1 + i % 100)).isEqualTo(PageArena.NO_PAGE);
            }
            assertThat(arena.stats().reclaims()).isEqualTo(before.reclaims());
            assertThat(arena.count(counts -> counts.looks)).isEqualTo(looks);
            arena.free(run);
        }
    }

    /// However many threads wait, only one of them calls the reclaimers.
    @ParameterizedTest
    @ValueSource(ints = {1, 8, 32})
    void oneWaiterCallsReclaimersForAll(int threads) throws InterruptedException {
        try (PageArena arena = open(PAGEBLOCK, PageArenaOptions.NO_DECAY)) {
            long run = arena.allocateRun(PAGEBLOCK);
            CachingReclaimer reclaimer = new CachingReclaimer(arena);
            Watchdog watchdog = new Watchdog();
            long begin = System.nanoTime();
            for (int i = 0; i < threads; i++) {
                watchdog.start("waiter " + i, () -> arena.tryAllocateRun(2, Duration.ofMillis(200)));
            }
            watchdog.join();
            long looks = (System.nanoTime() - begin) / 10_000_000 + 2;
            assertThat(reclaimer.shrinks.get())
                    .as("calls of reclaimers: one for each request, and one in 10 ms")
                    .isLessThanOrEqualTo((int) (threads + looks));
            arena.free(run);
        }
    }

    /// The first waiter serves the others: one free of a long run is enough for all of them.
    @Test
    void oneFreeServesEveryWaiterThatFits() throws InterruptedException {
        try (PageArena arena = open(PAGEBLOCK, PageArenaOptions.NO_DECAY)) {
            long run = arena.allocateRun(PAGEBLOCK);
            Watchdog watchdog = new Watchdog();
            for (int i = 0; i < 16; i++) {
                int pages = 1 + i % 3;
                watchdog.start("waiter " + i, () -> {
                    long page = arena.tryAllocateRun(pages, Duration.ofSeconds(Watchdog.LIMIT_SECONDS));
                    assertThat(arena.frames().pageCount(page)).isEqualTo(pages);
                    arena.free(page);
                });
            }
            watchdog.await("the waiters", () -> arena.stats().waits() == 16);
            arena.free(run);
            watchdog.join();
            arena.checkInvariants();
        }
    }

    private PageArena open(int pages, Duration decay) {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("growing")
                .byteSize(pages * pageBytes)
                .pageByteSize(pageBytes)
                .decay(decay)
                .budget(MemoryBudget.of("test", 1 << 30))
                .build();
        return PageArena.open(options, reservations, 0);
    }
}
