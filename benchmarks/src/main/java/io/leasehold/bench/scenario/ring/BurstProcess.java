package io.leasehold.bench.scenario.ring;

import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.result.Sample;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.concurrent.TimeUnit;

/// Measures resident memory after a burst of 4,096 pages that are written and freed. After the burst nothing is called.
///
/// Prints `burst` and the bytes resident at the peak in addition to those before. Then it repeatedly prints `sample`,
/// the milliseconds since the pages were freed, and the resident bytes. At the end it prints `closed`.
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
        long before = ResidentCurve.residentBytes(pid);
        loop.submit(() -> take(pool, Pool.PAGES)).get();
        System.out.println("burst " + (ResidentCurve.residentBytes(pid) - before));
        try (ResidentCurve curve = new ResidentCurve(pid, EVERY_MILLIS)) {
            loop.submit(() -> pool.releaseAll(Pool.PAGES)).get();
            TimeUnit.MILLISECONDS.sleep(WATCHED_MILLIS);
            for (Sample sample : curve.stop()) {
                System.out.println("sample " + sample.millis() + " " + (sample.residentBytes() - before));
            }
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
