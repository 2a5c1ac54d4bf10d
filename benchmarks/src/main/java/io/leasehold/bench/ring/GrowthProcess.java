package io.leasehold.bench.ring;

import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// How long single allocations take while a pool grows from 64 to 4,096 pages, again and again with a new pool. Of each
/// page only the beginning is written: Netty's allocators give little of it back when they are dropped.
///
/// Says `growth` and four numbers, in nanoseconds, for each time but the first ones, which compile the code: the
/// median, what 99 % and 99.9 % did not exceed, and the worst. Then it says `closed`.
public final class GrowthProcess {

    /// Times that compile the code.
    static final int WARM = 8;

    private static final double[] PERCENTS = {50, 99, 99.9, 100};
    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(1);

    private GrowthProcess() {}

    /// Grows.
    ///
    /// @param args the name of the pool, and how often it grows
    /// @throws Exception if it could not
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
