package io.leasehold.bench.scenario.ring;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.result.Sample;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Measures resident memory after a burst of 4,096 pages that are written and freed. After the burst nothing is called.
///
/// Prints `burst` and a [Return], and `closed` at the end.
public final class BurstProcess {

    private static final int EVERY_MILLIS = 10;
    private static final long WATCHED_MILLIS = 2_200;

    private BurstProcess() {}

    /// Runs the burst.
    ///
    /// @param args name of the pool
    /// @throws Exception if the burst failed
    public static void main(String[] args) throws Exception {
        long pid = ProcessHandle.current().pid();
        DefaultEventExecutor loop = new DefaultEventExecutor();
        Pool pool = loop.submit(() -> warm(args[0])).get();
        try (ResidentCurve warm = new ResidentCurve(pid, EVERY_MILLIS)) {
            warm.stop();
        }
        long before = SystemMemory.residentBytes(pid);
        loop.submit(() -> take(pool, Pool.PAGES)).get();
        long burstBytes = SystemMemory.residentBytes(pid) - before;
        try (ResidentCurve curve = new ResidentCurve(pid, EVERY_MILLIS)) {
            loop.submit(() -> pool.releaseAll(Pool.PAGES)).get();
            TimeUnit.MILLISECONDS.sleep(WATCHED_MILLIS);
            List<Sample> samples = curve.stop().stream()
                    .map(sample -> new Sample(sample.millis(), sample.residentBytes() - before))
                    .toList();
            ChildJvm.say("burst ", new Return(1, args[0], burstBytes, samples));
        }
        loop.submit(pool::close).get();
        System.out.println("closed");
        System.exit(0);
    }

    private static Pool warm(String name) {
        Pool pool = Pool.open(name);
        take(pool, Pool.FIRST_PAGES);
        pool.releaseAll(Pool.FIRST_PAGES);
        return pool;
    }

    private static void take(Pool pool, int count) {
        for (int i = 0; i < count; i++) {
            pool.take(i);
            pool.touch(i, Pool.BYTES);
        }
    }
}
