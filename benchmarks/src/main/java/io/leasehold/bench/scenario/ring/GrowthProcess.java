package io.leasehold.bench.scenario.ring;

import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// Measures how long single allocations take while a pool grows from 64 to 4,096 pages, repeated with new pools. Only
/// the beginning of each page is written, because Netty's allocators return little of the memory when they are dropped.
///
/// Prints `growth` and four numbers in nanoseconds for each repetition after the warm-up: the median, the 99 and 99.9
/// percentiles, and the maximum. At the end it prints `closed`.
public final class GrowthProcess {

    /// Warm-up repetitions, in which the code is compiled.
    static final int WARM = 8;

    private static final double[] PERCENTS = {50, 99, 99.9, 100};
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
                StringBuilder line = new StringBuilder("growth");
                for (double percent : PERCENTS) {
                    line.append(' ').append(taken.getValueAtPercentile(percent));
                }
                System.out.println(line);
            }
        }
        System.out.println("closed");
        System.exit(0);
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
