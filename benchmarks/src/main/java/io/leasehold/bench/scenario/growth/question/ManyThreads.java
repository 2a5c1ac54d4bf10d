package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.DefaultEventExecutorGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAccumulator;

/// `n` threads allocate and release buffers of mixed sizes.
///
/// @param isVirtual true for virtual threads, false for event loops
record ManyThreads(boolean isVirtual) {

    private static final int[] SIZES = {16, 64, 256, 1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 20 << 10};
    private static final int HELD = 8;
    private static final int ROUNDS_PER_YIELD = 20;

    /// Number of rounds of all threads together for each second of budget: about the rate of two processors.
    private static final double ROUNDS_PER_SECOND = 400_000;

    private static final int WARM_THREADS = 16;

    static GrowthQuestion question(boolean isVirtual) {
        return GrowthQuestion.of(
                        isVirtual ? "virtual-threads" : "platform-threads",
                        isVirtual ? new GrowthRange(512, 8, 4) : new GrowthRange(2, 7, 4),
                        new ManyThreads(isVirtual)::run)
                .ofBoth();
    }

    private Point run(Load load) throws Exception {
        return load.open(allocator -> {
            int rounds = (int) Math.max(ROUNDS_PER_YIELD, ROUNDS_PER_SECOND * load.seconds() / load.n());
            int warmThreads = Math.min(WARM_THREADS, load.count());
            try (ExecutorService executor = executor(load.count())) {
                run(allocator, executor, warmThreads, (int) (ROUNDS_PER_SECOND * load.seconds() / warmThreads));
                Outcome outcome = run(allocator, executor, load.count(), rounds);
                double operations = (double) load.n() * rounds * HELD;
                int processors = Runtime.getRuntime().availableProcessors();
                return load.point(outcome.nanos * processors / operations, outcome.worstNanos, Map.of());
            }
        });
    }

    private record Outcome(long nanos, long worstNanos) {}

    private ExecutorService executor(int threads) {
        return isVirtual ? Executors.newVirtualThreadPerTaskExecutor() : new DefaultEventExecutorGroup(threads);
    }

    private Outcome run(ByteBufAllocator allocator, ExecutorService executor, int threads, int rounds)
            throws Exception {
        LongAccumulator worst = new LongAccumulator(Math::max, 0);
        CountDownLatch ready = new CountDownLatch(threads);
        CountDownLatch go = new CountDownLatch(1);
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            long seed = i;
            ends.add(executor.submit(() -> {
                ready.countDown();
                go.await();
                worst.accumulate(rounds(allocator, new SplittableRandom(seed), rounds));
                return null;
            }));
        }
        ready.await();
        long start = System.nanoTime();
        go.countDown();
        for (Future<?> end : ends) {
            end.get();
        }
        return new Outcome(System.nanoTime() - start, worst.get());
    }

    /// {@return the time of the longest allocation in nanoseconds}
    private long rounds(ByteBufAllocator allocator, SplittableRandom random, int rounds) {
        ByteBuf[] held = new ByteBuf[HELD];
        long worst = 0;
        for (int round = 1; round <= rounds; round++) {
            for (int i = 0; i < HELD; i++) {
                int byteSize = SIZES[random.nextInt(SIZES.length)];
                long start = System.nanoTime();
                held[i] = allocator.directBuffer(byteSize, byteSize);
                worst = Math.max(worst, System.nanoTime() - start);
            }
            for (ByteBuf buffer : held) {
                buffer.release();
            }
            if (isVirtual && round % ROUNDS_PER_YIELD == 0) {
                Thread.yield();
            }
        }
        return worst;
    }
}
