package io.leasehold.bench.scenario.ring;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.RingResult.Growth;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// Measures how long single allocations take while a pool grows from 64 to 4,096 pages, repeated with new pools. Only
/// the beginning of each page is written, because Netty's allocators return little of the memory when they are dropped.
///
/// Prints `growth` and a [Growth] for each repetition after the warm-up. At the end it prints `closed`.
public final class GrowthProcess {

    /// Warm-up repetitions, in which the code is compiled.
    static final int WARM = 8;

    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(1);

    private GrowthProcess() {}

    /// Runs the repetitions.
    ///
    /// @param args name of the pool, and number of repetitions
    /// @throws Exception if an allocation failed
    public static void main(String[] args) throws Exception {
        int times = Integer.parseInt(args[1]);
        DefaultEventExecutor loop = new DefaultEventExecutor();
        for (int i = 0; i < WARM + times; i++) {
            Histogram taken = loop.submit(() -> grow(args[0])).get();
            if (i >= WARM) {
                Growth growth = new Growth(
                        i - WARM + 1,
                        args[0],
                        micros(taken, 50),
                        micros(taken, 99),
                        micros(taken, 99.9),
                        micros(taken, 100));
                ChildJvm.say("growth ", growth);
            }
        }
        System.out.println("closed");
        System.exit(0);
    }

    private static double micros(Histogram taken, double percent) {
        return taken.getValueAtPercentile(percent) / 1e3;
    }

    private static Histogram grow(String name) {
        Histogram taken = new Histogram(LIMIT_NANOS, 3);
        try (Pool pool = Pool.open(name)) {
            for (int i = 0; i < Pool.FIRST_PAGES; i++) {
                pool.take(i);
                pool.touch(i, Pool.TOUCH_BYTES);
            }
            for (int i = Pool.FIRST_PAGES; i < Pool.PAGES; i++) {
                long start = System.nanoTime();
                pool.take(i);
                taken.recordValue(System.nanoTime() - start);
                pool.touch(i, Pool.TOUCH_BYTES);
            }
            pool.releaseAll(Pool.PAGES);
        }
        return taken;
    }
}
