package io.leasehold.bench.scenario.growth.measure;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.Future;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Another application thread: an event loop that repeats the same work and times each operation.
///
/// **Ownership.** Closing it ends the work and the thread.
///
/// **Threads.** One thread calls; the work runs on the event loop.
public final class Worker implements AutoCloseable {

    private static final int LIMIT_SECONDS = 60;

    private final DefaultEventExecutor loop = new DefaultEventExecutor();
    private final SynchronousQueue<Stopwatch> watches = new SynchronousQueue<>();
    private final Future<?> end;
    private volatile boolean isWatchRequested; // (A) set by the caller, reset by the worker
    private volatile boolean isStopped;

    /// Starts to work.
    public Worker(Stopwatch.Work work) {
        end = loop.submit(() -> repeat(work));
    }

    /// {@return the rates of another thread, as further figures}
    ///
    /// @param alone its work without the measured thread
    /// @param disturbed its work during the measurement
    public static Map<String, Double> rates(Stopwatch alone, Stopwatch disturbed) {
        Map<String, Double> rates = new LinkedHashMap<>();
        rates.put("other thread alone, operations/s", alone.lapsPerSecond());
        rates.put("other thread, operations/s", disturbed.lapsPerSecond());
        return rates;
    }

    /// Runs a step while the worker works.
    ///
    /// @return the work from just before the step to just after it; an operation that had begun by then is included
    public Stopwatch during(Load.Operation step) throws Exception {
        takeWatch();
        step.run();
        return takeWatch();
    }

    /// Waits while the worker works.
    ///
    /// @return the work in that time
    public Stopwatch during(Load load, double budgets) throws Exception {
        return during(() -> load.pause(budgets));
    }

    private Stopwatch takeWatch() throws InterruptedException, ExecutionException {
        isWatchRequested = true;
        for (int i = 0; i < LIMIT_SECONDS; i++) {
            Stopwatch watch = watches.poll(1, TimeUnit.SECONDS);
            if (watch != null) {
                return watch;
            }
            if (end.isDone()) {
                end.get(); // throws the exception that ended the worker
            }
        }
        throw new IllegalStateException("worker is busy with one operation: max=" + LIMIT_SECONDS + " s");
    }

    private @Nullable Void repeat(Stopwatch.Work work) throws Exception {
        Stopwatch watch = new Stopwatch();
        while (!isStopped) {
            watch.start();
            work.round(watch);
            watch.stop();
            if (isWatchRequested) {
                isWatchRequested = false;
                watches.put(watch);
                watch = new Stopwatch();
            }
        }
        return null;
    }

    @Override
    public void close() {
        isStopped = true;
        end.awaitUninterruptibly();
        loop.shutdownGracefully(0, LIMIT_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
