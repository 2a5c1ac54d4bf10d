package io.leasehold.bench.ring;

import io.leasehold.bench.result.Sample;
import io.leasehold.bench.server.ResidentCurve;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.util.concurrent.TimeUnit;

/// What is resident after a burst of 4,096 pages, all of them written and released: who had the burst does nothing any
/// more.
///
/// Says `burst` and the bytes that were resident at the peak beyond what was before, then `sample`, milliseconds since
/// the release began and resident bytes again and again, and at the end `closed`.
public final class BurstProcess {

    private static final int EVERY_MILLIS = 10;
    private static final long WATCHED_MILLIS = 2_200;

    private BurstProcess() {}

    /// Has the burst.
    ///
    /// @param args the name of the pool
    /// @throws Exception if it could not
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
