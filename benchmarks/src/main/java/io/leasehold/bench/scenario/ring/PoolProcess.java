package io.leasehold.bench.scenario.ring;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.result.Sample;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// Measures one pool, while it grows or after a burst.
///
/// **Growth**: how long single allocations take while a pool grows from 64 to 4,096 pages, repeated with new pools.
/// Only the beginning of each page is written, because Netty's allocators return little memory when they are dropped.
/// Prints `growth` and a [Growth] for each repetition after the warm-up.
///
/// **Burst**: resident memory after 4,096 pages were written and freed. After the burst nothing is called. Prints
/// `burst` and a [Return].
///
/// At the end it prints `closed`.
public final class PoolProcess {

    /// Warm-up repetitions of a growth, in which the code is compiled.
    static final int WARM = 8;

    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int EVERY_MILLIS = 10;
    private static final long WATCHED_MILLIS = 2_200;

    private PoolProcess() {}

    /// Measures the pool.
    ///
    /// @param args name of the pool, and the number of growths; without a number there is a burst
    /// @throws Exception if an allocation failed
    public static void main(String[] args) throws Exception {
        DefaultEventExecutor loop = new DefaultEventExecutor();
        if (args.length > 1) {
            growths(loop, args[0], Integer.parseInt(args[1]));
        } else {
            burst(loop, args[0]);
        }
        System.out.println("closed");
        System.exit(0);
    }

    private static void growths(DefaultEventExecutor loop, String name, int times) throws Exception {
        for (int i = 0; i < WARM + times; i++) {
            Histogram taken = loop.submit(() -> grow(name)).get();
            if (i >= WARM) {
                ChildJvm.say(
                        "growth ",
                        new Growth(
                                i - WARM + 1,
                                name,
                                micros(taken, 50),
                                micros(taken, 99),
                                micros(taken, 99.9),
                                micros(taken, 100)));
            }
        }
    }

    private static double micros(Histogram taken, double percent) {
        return taken.getValueAtPercentile(percent) / 1e3;
    }

    private static Histogram grow(String name) {
        Histogram taken = new Histogram(LIMIT_NANOS, 3);
        try (Pool pool = Pool.open(name)) {
            take(pool, Pool.FIRST_PAGES, Pool.TOUCH_BYTES);
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

    private static void burst(DefaultEventExecutor loop, String name) throws Exception {
        long pid = ProcessHandle.current().pid();
        Pool pool = loop.submit(() -> warm(name)).get();
        try (ResidentCurve warm = new ResidentCurve(pid, EVERY_MILLIS)) {
            warm.stop();
        }
        long before = SystemMemory.residentBytes(pid);
        loop.submit(() -> take(pool, Pool.PAGES, Pool.BYTES)).get();
        long burstBytes = SystemMemory.residentBytes(pid) - before;
        try (ResidentCurve curve = new ResidentCurve(pid, EVERY_MILLIS)) {
            loop.submit(() -> pool.releaseAll(Pool.PAGES)).get();
            TimeUnit.MILLISECONDS.sleep(WATCHED_MILLIS);
            List<Sample> samples = curve.stop().stream()
                    .map(sample -> new Sample(sample.millis(), sample.residentBytes() - before))
                    .toList();
            ChildJvm.say("burst ", new Return(1, name, burstBytes, samples));
        }
        loop.submit(pool::close).get();
    }

    private static Pool warm(String name) {
        Pool pool = Pool.open(name);
        take(pool, Pool.FIRST_PAGES, Pool.BYTES);
        pool.releaseAll(Pool.FIRST_PAGES);
        return pool;
    }

    private static void take(Pool pool, int count, int touchedBytes) {
        for (int i = 0; i < count; i++) {
            pool.take(i);
            pool.touch(i, touchedBytes);
        }
    }
}
