package io.leasehold.bench.scenario.growth.measure;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.Future;
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
    private final SynchronousQueue<Span> spans = new SynchronousQueue<>();
    private final Future<?> end;
    private volatile boolean isSpanRequested; // (A) set by the caller, reset by the worker
    private volatile boolean isStopped;

    /// A step that the caller runs while the worker works.
    public interface Step {

        /// Runs the step.
        void run() throws Exception;
    }

    /// The work of a worker in a span of time.
    ///
    /// @param operations number of operations
    /// @param nanos duration
    /// @param worstNanos longest operation
    public record Span(long operations, long nanos, long worstNanos) {

        /// The empty span.
        public static final Span EMPTY = new Span(0, 0, 0);

        /// {@return the sum of both spans}
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

    private Worker(Stopwatch.Work work) {
        end = loop.submit(() -> repeat(work));
    }

    /// {@return a worker that has been started}
    public static Worker start(Stopwatch.Work work) {
        return new Worker(work);
    }

    /// Runs a step while the worker works.
    ///
    /// @return the work from just before the step to just after it; an operation that had begun by then is included
    public Span during(Step step) throws Exception {
        takeSpan();
        step.run();
        return takeSpan();
    }

    /// Waits while the worker works.
    ///
    /// @return the work in that time
    public Span during(Load load, double budgets) throws Exception {
        return during(() -> load.pause(budgets));
    }

    private Span takeSpan() throws InterruptedException, ExecutionException {
        isSpanRequested = true;
        for (int i = 0; i < LIMIT_SECONDS; i++) {
            Span span = spans.poll(1, TimeUnit.SECONDS);
            if (span != null) {
                return span;
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
            if (isSpanRequested) {
                isSpanRequested = false;
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
