package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.process.ProcessorTime;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArena;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAccumulator;

/// `n` threads wait with a timeout for a run of pages that does not become free.
final class RunWaiters {

    private static final long ARENA_MIB = 64;
    private static final int BYTES = 1 << 10;
    private static final int OTHERS = 200;
    private static final int RUN_PAGES = 256;
    private static final Duration LONGEST_TIMEOUT = Duration.ofMillis(500);

    private RunWaiters() {}

    static Point run(Load load) throws Exception {
        try (PageArena arena = Load.openArena(ARENA_MIB);
                LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                        .name("growth")
                        .arena(arena)
                        .build()) {
            List<ByteBuf> buffers = Load.onLoop(() -> BufferArrays.fillAndFreeQuarter(allocator, BYTES));
            Stopwatch.Work work = BufferArrays.allocateAndRelease(allocator, BYTES, OTHERS);
            Stopwatch alone = work(work, load);
            double share;
            Stopwatch other;
            Waiters waiters = new Waiters(arena, load);
            try {
                load.pause(1);
                long start = System.nanoTime();
                long before = ProcessorTime.ofProcess();
                load.pause(1);
                load.pause(1);
                share = (double) (ProcessorTime.ofProcess() - before) / (System.nanoTime() - start);
                other = work(work, load);
            } finally {
                waiters.stop();
            }
            buffers.forEach(ByteBuf::release);

            Map<String, Double> others = Worker.rates(alone, other);
            others.put("worst delay of a timeout, ms", waiters.worstLateNanos() / 1e6);
            return load.point(1e3 * share, other.worstNanos(), others);
        }
    }

    private static Stopwatch work(Stopwatch.Work work, Load load) throws Exception {
        try (Worker worker = new Worker(work)) {
            worker.during(load, 0.5);
            return worker.during(load, 1);
        }
    }

    /// The waiting threads.
    private static final class Waiters {
        private final PageArena arena;
        private final Duration timeout;
        private final List<Thread> threads = new ArrayList<>();
        private final LongAccumulator worstLate = new LongAccumulator(Math::max, 0);
        private volatile boolean isStopped;

        Waiters(PageArena arena, Load load) {
            this.arena = arena;
            timeout = Duration.ofNanos(Math.min(LONGEST_TIMEOUT.toNanos(), load.nanos()));
            for (int i = 0; i < load.n(); i++) {
                threads.add(Thread.ofPlatform().daemon().name("waiter " + i).start(this::await));
            }
        }

        private void await() {
            try {
                while (!isStopped) {
                    long start = System.nanoTime();
                    long run = arena.tryAllocateRun(RUN_PAGES, timeout);
                    worstLate.accumulate(System.nanoTime() - start - timeout.toNanos());
                    if (run != PageArena.NO_PAGE) {
                        arena.free(run);
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        long worstLateNanos() {
            return worstLate.get();
        }

        void stop() throws InterruptedException {
            isStopped = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
