package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/// `n` virtual threads share a few windows, so that most of them wait for a lease.
final class LeaseWaiters {

    private static final int WINDOWS = 64;
    private static final int PAGES = 4096;
    private static final long ARENA_MIB = 64;
    private static final int LIMIT_SECONDS = 60;

    private LeaseWaiters() {}

    static Point run(Load load) throws Exception {
        PageArenaOptions options =
                Load.arenaOptions(ARENA_MIB << 20).toBuilder().memoryFile(true).build();
        try (PageArena arena = PageArena.open(options);
                LeasePool pool = LeasePool.open(arena, LeasePoolOptions.windowed(WINDOWS))) {
            long[] pages = new long[PAGES];
            for (int i = 0; i < PAGES; i++) {
                pages[i] = arena.allocate();
                arena.frames().wire(pages[i]);
            }
            Point point = new Lessees(pool, pages).measure(load);
            for (long page : pages) {
                arena.frames().unwire(page);
                arena.free(page);
            }
            return point;
        }
    }

    /// The threads that lease pages.
    private static final class Lessees {
        private final LeasePool pool;
        private final long[] pages;
        private final LongAdder leases = new LongAdder();
        private final LongAccumulator worst = new LongAccumulator(Math::max, 0);
        private volatile boolean isMeasured;
        private volatile boolean isStopped;

        Lessees(LeasePool pool, long[] pages) {
            this.pool = pool;
            this.pages = pages;
        }

        Point measure(Load load) throws InterruptedException {
            CountDownLatch ended = new CountDownLatch(load.count());
            for (int i = 0; i < load.n(); i++) {
                long seed = i;
                Thread.ofVirtual().start(() -> lease(new SplittableRandom(seed), ended));
            }
            load.pause(1);
            long start = System.nanoTime();
            isMeasured = true;
            load.pause(1);
            load.pause(1);
            isMeasured = false;
            double nanos = (double) (System.nanoTime() - start) / Math.max(1, leases.sum());
            isStopped = true;
            if (!ended.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("threads still wait for a lease: waiting=" + ended.getCount());
            }
            return load.point(nanos, worst.get(), Map.of("fair share of waiting, ms", nanos * load.n() / 1e6));
        }

        private void lease(SplittableRandom random, CountDownLatch ended) {
            while (!isStopped) {
                long start = System.nanoTime();
                Lease lease = pool.acquire(pages[random.nextInt(PAGES)]);
                if (isMeasured) {
                    worst.accumulate(System.nanoTime() - start);
                    leases.increment();
                }
                Thread.yield();
                lease.close();
            }
            ended.countDown();
        }
    }
}
