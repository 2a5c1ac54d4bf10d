package io.leasehold.bench.growth.measure;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Another application thread: an event loop that does the same work again and again, and times each operation.
///
/// **Ownership.** Closing it ends the work and the thread.
///
/// **Threads.** One thread calls; the work runs on a thread of its own.
public final class Worker implements AutoCloseable {

    private static final int LIMIT_SECONDS = 60;

    private final DefaultEventExecutor loop = new DefaultEventExecutor();
    private final SynchronousQueue<Span> spans = new SynchronousQueue<>();
    private final Future<?> end;
    private volatile boolean isCut; // by the caller, until the worker takes notice
    private volatile boolean isStopped;

    /// What the worker does.
    public interface Work {

        /// Does a few operations.
        ///
        /// @param watch was started; is told after each operation
        void round(Stopwatch watch) throws Exception;
    }

    /// What the caller does meanwhile.
    public interface Step {

        /// Does it.
        void run() throws Exception;
    }

    /// What the worker did in some time.
    ///
    /// @param operations how many
    /// @param nanos how long
    /// @param worstNanos the longest operation
    public record Span(long operations, long nanos, long worstNanos) {

        /// Nothing yet.
        public static final Span EMPTY = new Span(0, 0, 0);

        /// {@return both spans as one}
        public Span plus(Span other) {
            return new Span(operations + other.operations, nanos + other.nanos, Math.max(worstNanos, other.worstNanos));
        }

        /// {@return the mean rate}
        public double perSecond() {
            return operations * 1e9 / nanos;
        }

        /// {@return the mean time of an operation}
        public double nanosPerOperation() {
            return (double) nanos / operations;
        }
    }

    private Worker(Work work) {
        end = loop.submit(() -> repeat(work));
    }

    /// {@return a worker that has begun}
    public static Worker start(Work work) {
        return new Worker(work);
    }

    /// Does a step while the worker works.
    ///
    /// @return what the worker did from just before the step to just after it; an operation that had begun by then is
    ///     part of it
    public Span during(Step step) throws Exception {
        cut();
        step.run();
        return cut();
    }

    /// Lets the worker work for a time.
    ///
    /// @return what it did
    public Span during(Load load, double budgets) throws Exception {
        return during(() -> load.pause(budgets));
    }

    private Span cut() throws InterruptedException, ExecutionException {
        isCut = true;
        for (int i = 0; i < LIMIT_SECONDS; i++) {
            Span span = spans.poll(1, TimeUnit.SECONDS);
            if (span != null) {
                return span;
            }
            if (end.isDone()) {
                end.get(); // throws what ended it
            }
        }
        throw new IllegalStateException("worker was busy with one operation for " + LIMIT_SECONDS + " s");
    }

    private @Nullable Void repeat(Work work) throws Exception {
        Stopwatch watch = new Stopwatch();
        while (!isStopped) {
            watch.start();
            work.round(watch);
            watch.stop();
            if (isCut) {
                isCut = false;
                spans.put(new Span(watch.laps(), watch.nanos(), watch.worstNanos()));
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
