package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many threads share an arena that is too small for them. Between the rounds all threads rest and every page is
/// counted.
///
/// `-Dseed=` replays the random numbers of another run. `-Dleasehold.soak=true` makes many
/// more rounds.
class PageArenaConcurrentTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int PLATFORM = 2 * Runtime.getRuntime().availableProcessors();
    private static final int VIRTUAL = 2 * PLATFORM;
    private static final int PAGES = 1_200;
    private static final int ROUNDS = SOAK ? 160 : 3;
    private static final int STEPS_PER_ROUND = 25_000;
    private static final int TRIMS_PER_ROUND = 40;
    private static final int SHORT_LIVED_THREADS = 4;
    private static final long DECAY_NANOS = 8_000_000;

    /// The arenas under test.
    enum Variant {
        ANONYMOUS,
        MEMORY_FILE,
        ZERO_ON_FREE,
        TIGHT_BUDGET,
        NO_CAPABILITIES;

        PageArenaOptions options(long pageBytes) {
            long byteSize = PAGES * pageBytes;
            return PageArenaOptions.builder()
                    .name(name())
                    .byteSize(byteSize)
                    .memoryFile(this == MEMORY_FILE)
                    .zeroOnFree(this == ZERO_ON_FREE)
                    .decay(Duration.ofNanos(DECAY_NANOS))
                    .budget(MemoryBudget.of("parent", this == TIGHT_BUDGET ? byteSize * 2 / 3 : 4 * byteSize))
                    .build();
        }

        VirtualMemory memory() {
            return new LedgerVirtualMemory(
                    this == NO_CAPABILITIES ? EnumSet.allOf(Capability.class) : EnumSet.noneOf(Capability.class));
        }
    }

    @ParameterizedTest
    @EnumSource
    void workersShareAnArenaSmallerThanTheirDemand(Variant variant) throws InterruptedException {
        VirtualMemory memory = variant.memory();
        if (variant == Variant.MEMORY_FILE && !memory.can(Capability.MAP)) {
            System.out.println("skipped: " + variant + ": " + memory);
        }
        assumeTrue(variant != Variant.MEMORY_FILE || memory.can(Capability.MAP), () -> variant + ": " + memory);
        Long seed = Long.getLong("seed", SOAK ? System.nanoTime() : 20261121L);
        System.out.printf(
                "workers: %s, threads=%d, steps=%,d a round, rounds=%d, seed=%d%n",
                variant, PLATFORM + VIRTUAL, STEPS_PER_ROUND, ROUNDS, seed);
        Reservations reservations = new Reservations(memory, new MappingBudget(100));
        PageArena arena = PageArena.open(variant.options(Math.max(4096, memory.pageSize())), reservations, 0);
        new Rounds(arena, seed).run();
        assertThat(arena.stats().livePages()).isZero();
        assertThat(takeAll(arena)).isEqualTo(variant == Variant.TIGHT_BUDGET ? affordable(arena) : PAGES);
        arena.closeForcibly();
    }

    @Test
    void countOfLivePagesIsExactWhileMagazinesAreFlushed() throws InterruptedException {
        PageArena arena = open(4_096);
        AtomicBoolean isOver = new AtomicBoolean();
        Watchdog watchdog = new Watchdog();
        watchdog.start("trims", () -> {
            while (!isOver.get()) {
                arena.trim();
            }
        });
        try {
            for (int round = 0; round < 2_000; round++) {
                long handle = arena.allocate();
                assertThat(arena.stats().livePages()).isEqualTo(1);
                arena.free(handle);
                assertThat(arena.stats().livePages()).isZero();
            }
        } finally {
            isOver.set(true);
        }
        watchdog.join();
        arena.close();
    }

    @Test
    void moreThreadsThanMagazinesAreServed() throws InterruptedException {
        int crowd = 150;
        PageArena arena = open(4_096);
        Watchdog watchdog = new Watchdog();
        CountDownLatch idle = new CountDownLatch(crowd);
        CountDownLatch end = new CountDownLatch(1);
        for (int i = 0; i < crowd; i++) {
            watchdog.start("crowd " + i, () -> {
                fillMagazine(arena, 20);
                idle.countDown();
                watchdog.await("the end", end);
            });
        }
        watchdog.await("the crowd", idle);
        arena.checkInvariants();
        assertThat(arena.stats().cachedPages())
                .as("pages that lie in magazines")
                .isBetween(500, 4_096);
        assertThat(takeAll(arena))
                .as("pages that one thread gets while the crowd stands by")
                .isEqualTo(4_096);
        end.countDown();
        watchdog.join();
        arena.closeForcibly();
    }

    @Test
    void pagesInTheMagazineOfAnIdleThreadServeOthers() throws InterruptedException {
        PageArena arena = open(512);
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 200; round++) {
            Watchdog watchdog = new Watchdog();
            CountDownLatch idle = new CountDownLatch(1);
            CountDownLatch end = new CountDownLatch(1);
            int count = 1 + random.nextInt(512);
            Watchdog.Task idler = () -> {
                fillMagazine(arena, count);
                idle.countDown();
                watchdog.await("the end", end);
            };
            if (round % 2 == 0) {
                watchdog.start("idler", idler);
            } else {
                watchdog.startVirtual("idler", idler);
            }
            watchdog.await("the idler", idle);
            List<Long> all = takeEach(arena);
            end.countDown();
            watchdog.join();
            assertThat(all)
                    .as("pages while %d were freed by an idle thread", count)
                    .hasSize(512);
            all.forEach(arena::free);
        }
        arena.close();
    }

    @Test
    void pagesInTheMagazinesOfDeadThreadsServeOthers() throws InterruptedException {
        PageArena arena = open(512);
        for (int round = 0; round < 300; round++) {
            // more threads than slots, one after the other, so that slots must change their owner
            Thread thread = Thread.ofPlatform().start(() -> fillMagazine(arena, 64));
            thread.join();
            if (round % 10 == 0) {
                List<Long> all = takeEach(arena);
                assertThat(all).hasSize(512);
                all.forEach(arena::free);
            }
        }
        arena.checkInvariants();
        arena.close();
    }

    private static PageArena open(int pageCount) {
        VirtualMemory memory = VirtualMemory.system();
        long byteSize = pageCount * Math.max(4096, memory.pageSize());
        PageArenaOptions options = PageArenaOptions.builder()
                .byteSize(byteSize)
                .budget(MemoryBudget.of("parent", 2 * byteSize + (1 << 20)))
                .build();
        return PageArena.open(options, new Reservations(memory, new MappingBudget(100)), 0);
    }

    private static void fillMagazine(PageArena arena, int count) {
        List<Long> pages = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long page = arena.tryAllocate();
            if (page != PageArena.NO_PAGE) {
                pages.add(page);
            }
        }
        pages.forEach(arena::free);
    }

    private static List<Long> takeEach(PageArena arena) {
        List<Long> pages = new ArrayList<>();
        for (long page = arena.tryAllocate(); page != PageArena.NO_PAGE; page = arena.tryAllocate()) {
            pages.add(page);
        }
        return pages;
    }

    /// {@return number of single pages that one thread can allocate} All of them are freed again.
    private static int takeAll(PageArena arena) {
        List<Long> pages = takeEach(arena);
        try {
            // a request with a timeout, even of zero, misses no page, however often a recent flush was in vain
            long page = arena.tryAllocateRun(1, Duration.ZERO);
            while (page != PageArena.NO_PAGE) {
                pages.add(page);
                pages.addAll(takeEach(arena));
                page = arena.tryAllocateRun(1, Duration.ZERO);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        pages.forEach(arena::free);
        return pages.size();
    }

    /// {@return number of pages that the parent budget has space for besides the tables}
    private static int affordable(PageArena arena) {
        PageArenaStats stats = arena.stats();
        long tables = stats.committedBytes()
                - (long) (stats.livePages() + stats.cachedPages() + stats.idlePages()) * stats.pageByteSize();
        MemoryBudget parent = arena.options().budget();
        return parent == null ? 0 : (int) ((parent.byteLimit() - tables) / stats.pageByteSize());
    }

    /// The rounds of one arena: workers, a thread that trims and advances the clock, short-lived threads, and a count
    /// at the end of each round.
    private static final class Rounds {

        private final PageArena arena;
        private final Watchdog watchdog = new Watchdog();
        private final Phaser phaser = new Phaser(1);
        private final AtomicLongArray contested = new AtomicLongArray(6);
        private final List<PageArenaWorker> workers = new ArrayList<>();

        Rounds(PageArena arena, long seed) {
            this.arena = arena;
            SplittableRandom seeds = new SplittableRandom(seed);
            for (int i = 0; i < PLATFORM + VIRTUAL; i++) {
                workers.add(new PageArenaWorker(arena, i + 1, seeds.nextLong(), contested));
            }
            demand(0);
        }

        void run() throws InterruptedException {
            phaser.bulkRegister(workers.size() + 1);
            watchdog.start("trimmer", this::trim);
            for (int i = 0; i < workers.size(); i++) {
                PageArenaWorker worker = workers.get(i);
                if (i < PLATFORM) {
                    watchdog.start("worker " + i, () -> work(worker));
                } else {
                    watchdog.startVirtual("virtual worker " + i, () -> work(worker));
                }
            }
            for (int round = 0; round < ROUNDS; round++) {
                shortLivedThreads();
                meet();
                watchdog.check();
                count();
                demand(round + 1);
                meet();
            }
            watchdog.join();
            workers.forEach(PageArenaWorker::leave);
            for (int i = 0; i < contested.length(); i++) {
                if (contested.get(i) != PageArena.NO_PAGE) {
                    arena.free(contested.get(i));
                }
            }
            arena.checkInvariants();
            long frees = workers.stream().mapToLong(PageArenaWorker::frees).sum();
            long waits = workers.stream().mapToLong(PageArenaWorker::waits).sum();
            System.out.printf("  frees=%,d, waits=%,d, %s%n", frees, waits, arena.stats());
            assertThat(frees).isGreaterThan((long) ROUNDS * STEPS_PER_ROUND / 10);
        }

        private void work(PageArenaWorker worker) throws InterruptedException {
            try {
                for (int round = 0; round < ROUNDS; round++) {
                    for (int i = 0; i < STEPS_PER_ROUND / workers.size(); i++) {
                        worker.step(workers);
                    }
                    meet();
                    meet();
                }
            } catch (Throwable e) {
                watchdog.failed(e);
                phaser.forceTermination();
            }
        }

        private void trim() throws InterruptedException {
            try {
                long now = 0;
                for (int round = 0; round < ROUNDS; round++) {
                    for (int i = 0; i < TRIMS_PER_ROUND; i++) {
                        now += DECAY_NANOS / 3;
                        arena.decay().step(now);
                        if (i % 4 == 0) {
                            arena.trim();
                        }
                        arena.stats();
                    }
                    meet();
                    meet();
                }
            } catch (Throwable e) {
                watchdog.failed(e);
                phaser.forceTermination();
            }
        }

        /// Sets the demand of the workers to half of the pages, then to all, then to 150 % of them.
        private void demand(int round) {
            int wanted = PAGES * (1 + round % 3) / 2;
            workers.forEach(worker -> worker.want(wanted / workers.size()));
        }

        /// Runs threads that end with full magazines.
        private void shortLivedThreads() throws InterruptedException {
            Watchdog brief = new Watchdog();
            for (int i = 0; i < SHORT_LIVED_THREADS; i++) {
                brief.start("shortLived", () -> fillMagazine(arena, 100));
                brief.startVirtual("virtual shortLived", () -> fillMagazine(arena, 100));
            }
            brief.join();
        }

        /// Checks everything while all workers are at rest.
        private void count() {
            arena.checkInvariants();
            int live = PageArenaWorker.checkContested(arena, contested);
            for (PageArenaWorker worker : workers) {
                live += worker.checkAll();
            }
            PageArenaStats stats = arena.stats();
            assertThat(stats.livePages()).as("live pages").isEqualTo(live);
            assertThat(stats.transitPages()).as("pages in transit").isZero();
            MemoryBudget parent = arena.options().budget();
            assertThat(parent == null ? 0 : parent.usedBytes()).isEqualTo(stats.committedBytes());
            int left = takeAll(arena);
            int afforded = affordable(arena) - live;
            assertThat(left).as("free pages that can be had").isEqualTo(Math.min(stats.freePages(), afforded));
        }

        /// Waits for all other threads, with a timeout. After a failure no thread waits.
        private void meet() throws InterruptedException {
            try {
                phaser.awaitAdvanceInterruptibly(phaser.arrive(), Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                phaser.forceTermination();
                throw watchdog.hung("the end of a round: " + phaser);
            }
            if (phaser.isTerminated()) {
                watchdog.check();
                throw new AssertionError("another thread failed");
            }
        }
    }
}
