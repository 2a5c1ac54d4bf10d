package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.lease.LeaseWorkers.Held;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import io.leasehold.page.Watchdog;
import java.util.Collection;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Many threads share a pool that has too few windows for them; between the rounds all rest and everything is counted.
///
/// `-Dseed=` replays the operations of another run in one thread, which never waits; `-Dleasehold.soak=true` makes
/// many more rounds, with new seeds.
class LeasePoolConcurrentTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int PLATFORM = 4 * Runtime.getRuntime().availableProcessors();
    private static final int VIRTUAL = 2 * PLATFORM;
    private static final int SHORT_ROUNDS = 8;
    private static final int ROUNDS = SOAK ? 10 * SHORT_ROUNDS : 1;
    private static final int SECONDS_WITHOUT_PROGRESS = 15;

    /// The pools to share.
    enum Terms {
        ONE_WINDOW(1, 1, 4, 480_000),
        FEW_WINDOWS(7, 1, 24, 1_400_000),
        MANY_WINDOWS(64, 1, 100, 1_000_000),
        WINDOWS_OF_FOUR_PAGES(5, 4, 16, 600_000),
        DIRECT(0, 1, 24, 800_000);

        private final int slots;
        private final int windowPages;
        private final int pages;
        private final int steps;

        Terms(int slots, int windowPages, int pages, int steps) {
            this.slots = slots;
            this.windowPages = windowPages;
            this.pages = pages;
            this.steps = steps;
        }
    }

    @ParameterizedTest
    @EnumSource
    void workersShareAPoolSmallerThanTheirDemand(Terms terms) throws InterruptedException {
        VirtualMemory memory = VirtualMemory.system();
        if (terms.slots > 0) {
            TestMemory.require(memory, Capability.MAP);
        }
        boolean alone = Long.getLong("seed") != null;
        long seed = Long.getLong("seed", SOAK ? System.nanoTime() : 20261122L);
        System.out.printf(
                "lease workers: %s, threads=%d, steps=%,d a round, rounds=%d, seed=%d%n",
                terms, PLATFORM + VIRTUAL, terms.steps / SHORT_ROUNDS, ROUNDS, seed);
        Reservations reservations = new Reservations(memory, new MappingBudget(1_000));
        long pageBytes = Math.max(4096, memory.pageSize());
        PageArena arena = PageArenas.open(
                PageArenaOptions.builder()
                        .name(terms.name())
                        .pageByteSize(pageBytes)
                        .byteSize(256 * pageBytes)
                        .memoryFile(terms.slots > 0)
                        .decay(PageArenaOptions.NO_DECAY)
                        .budget(MemoryBudget.of("workers", 1 << 26))
                        .build(),
                reservations);
        long mappings = reservations.mappings().used();
        LeasePool pool =
                LeasePool.open(arena, new LeasePoolOptions(terms.name(), terms.slots, terms.windowPages, false, null));
        LeaseWorkers workers = new LeaseWorkers(arena, pool, terms.pages);
        try {
            new Rounds(workers, seed, alone).run(terms.steps / SHORT_ROUNDS);
        } catch (Throwable e) {
            pool.closeForcibly(); // or waiting threads would wait for ever
            throw new AssertionError(
                    "%s: %s%nreplay in one thread with -Dtest=LeasePoolConcurrentTest -Dseed=%d"
                            .formatted(terms, e.getMessage(), seed),
                    e);
        }
        pool.close();
        assertThat(reservations.mappings().used() - mappings)
                .as("mappings left by the windows, beside their retained region")
                .isEqualTo(terms.slots > 0 ? 2 : 0);
        workers.unwireAll(arena);
        arena.close();
        reservations.releaseRetained();
    }

    /// The rounds of one pool: workers, threads that close what others acquired, and a count at the end of each round.
    private static final class Rounds {

        private final LeaseWorkers all;
        private final LeasePool pool;
        private final SplittableRandom random;
        private final boolean alone;
        private final Watchdog watchdog = new Watchdog();
        private final Phaser phaser = new Phaser(1);
        private final Queue<Held> atBarrier = new ConcurrentLinkedQueue<>();

        Rounds(LeaseWorkers all, long seed, boolean alone) {
            this.all = all;
            this.pool = all.pool;
            this.random = new SplittableRandom(seed);
            this.alone = alone;
            for (int i = 0; i < PLATFORM + VIRTUAL; i++) {
                all.workers.add(new LeaseWorker(all, random.nextLong(), alone));
            }
        }

        void run(int steps) throws InterruptedException {
            if (alone) {
                runAlone(steps);
            } else {
                runTogether(steps);
            }
            LeasePoolStats stats = pool.stats();
            System.out.printf("  acquired=%,d, refused=%,d, %s%n", acquired(), refused(), stats);
            assertThat(acquired()).isGreaterThan((long) ROUNDS * steps / 10);
            if (stats.slots() > 0) {
                assertThat(stats.misses()).isGreaterThan(stats.slots());
                if (stats.slots() < PLATFORM) { // whether they use a larger pool up depends on the scheduler
                    assertThat(stats.failures()).isPositive();
                }
                all.useUp();
                assertThat(pool.stats().failures()).isEqualTo(stats.failures() + 1);
            }
        }

        private void runTogether(int steps) throws InterruptedException {
            phaser.bulkRegister(all.workers.size());
            Watchdog closers = new Watchdog();
            Thread[] closing = {
                closers.start("closer", all::closeAllSent), closers.startVirtual("virtual closer", all::closeAllSent)
            };
            for (int i = 0; i < all.workers.size(); i++) {
                LeaseWorker worker = all.workers.get(i);
                if (i < PLATFORM) {
                    watchdog.start("worker " + i, () -> work(worker, steps / all.workers.size()));
                } else {
                    watchdog.startVirtual("virtual worker " + i, () -> work(worker, steps / all.workers.size()));
                }
            }
            for (int round = 0; round < ROUNDS; round++) {
                meet();
                watchdog.await("the closing threads", () -> all.areAllSentClosed() || closers.hasFailed());
                closers.check();
                countNothing();
                meet();
                meet();
                count();
                meet();
            }
            watchdog.join();
            for (Thread thread : closing) {
                thread.interrupt();
            }
            closers.join();
            countNothing();
        }

        private void runAlone(int steps) {
            all.workers.forEach(LeaseWorker::begin);
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < steps; i++) {
                    all.any(random).step();
                    if (i % 16 == 0) {
                        pool.checkInvariants();
                    }
                }
                all.workers.forEach(LeaseWorker::closeAll);
                while (!all.areAllSentClosed()) {
                    all.closeOneSent();
                }
                countNothing();
                all.workers.forEach(worker -> atBarrier.addAll(worker.acquireAtBarrier()));
                count();
                all.workers.forEach(LeaseWorker::closeAll);
            }
            countNothing();
        }

        private void work(LeaseWorker worker, int steps) {
            try {
                worker.begin();
                for (int round = 0; round < ROUNDS && !phaser.isTerminated(); round++) {
                    for (int i = 0; i < steps; i++) {
                        worker.step();
                    }
                    worker.closeAll();
                    phaser.arriveAndAwaitAdvance(); // the main thread detects a hang
                    phaser.arriveAndAwaitAdvance();
                    atBarrier.addAll(worker.acquireAtBarrier());
                    phaser.arriveAndAwaitAdvance();
                    phaser.arriveAndAwaitAdvance();
                    worker.closeAll();
                }
            } catch (Throwable e) {
                watchdog.failed(e);
                phaser.forceTermination();
            }
        }

        /// Checks the pool while no thread has a lease.
        private void countNothing() {
            pool.checkInvariants();
            LeasePoolStats stats = pool.stats();
            assertThat(stats.leases()).as("leases without a holder").isZero();
            assertThat(stats.used()).as("used windows without a lease").isZero();
            account(stats);
            all.checkContent();
        }

        /// Checks the pool while all threads rest, and some have leases.
        private void count() {
            pool.checkInvariants();
            LeasePoolStats stats = pool.stats();
            assertThat(stats.leases()).isEqualTo(atBarrier.size());
            Set<Long> leased = distinctPages(atBarrier);
            assertThat(stats.used()).isEqualTo(stats.slots() == 0 ? 0 : leased.size());
            if (stats.slots() > 0) {
                assertThat(leased.size()).isBetween(1, stats.slots());
            }
            account(stats);
            atBarrier.forEach(all::checkStamp);
            atBarrier.clear();
        }

        private void account(LeasePoolStats stats) {
            boolean windowed = stats.slots() > 0;
            assertThat(stats.hits() + stats.misses()).as("acquires").isEqualTo(windowed ? acquired() : 0);
            assertThat(stats.failures()).as("acquires that gave up").isEqualTo(windowed ? refused() : 0);
            assertThat(stats.waited()).isLessThanOrEqualTo(stats.waits());
            assertThat(stats.peak()).isLessThanOrEqualTo(stats.slots());
        }

        private long acquired() {
            return all.workers.stream().mapToLong(worker -> worker.acquired).sum();
        }

        private long refused() {
            return all.workers.stream().mapToLong(worker -> worker.refused).sum();
        }

        private long steps() {
            return all.workers.stream().mapToLong(worker -> worker.steps).sum();
        }

        private static Set<Long> distinctPages(Collection<Held> leases) {
            Set<Long> pages = new HashSet<>();
            leases.forEach(lease -> pages.add(lease.page().handle));
            return pages;
        }

        /// Waits for all other threads as long as any of them makes progress. After a failure no thread waits.
        private void meet() throws InterruptedException {
            int phase = phaser.arrive();
            long before = -1;
            for (int idle = 0; phaser.getPhase() == phase; ) {
                try {
                    phaser.awaitAdvanceInterruptibly(phase, 1, TimeUnit.SECONDS);
                } catch (TimeoutException e) {
                    long now = steps();
                    idle = now == before ? idle + 1 : 0;
                    before = now;
                    if (idle > SECONDS_WITHOUT_PROGRESS) {
                        phaser.forceTermination();
                        throw watchdog.hung("any progress: " + phaser + ", " + pool + ", " + pool.stats());
                    }
                }
            }
            watchdog.check();
            if (phaser.isTerminated()) {
                throw new AssertionError("another thread failed");
            }
        }
    }
}
