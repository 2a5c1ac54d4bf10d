package io.leasehold.netty;

import io.leasehold.page.Eventually;
import io.netty.channel.DefaultEventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// An event loop with a short queue of tasks, which fails to take tasks when a test says so.
///
/// **Threads.** Thread-safe.
public final class FaultyEventLoop extends DefaultEventLoop implements AutoCloseable {

    private static final int MAX_TASKS = 64;

    private final AtomicInteger schedulesToFail = new AtomicInteger(); // (A)
    private final AtomicInteger tasksToFail = new AtomicInteger(); // (A)

    @Override
    protected Queue<Runnable> newTaskQueue(int ignoredMaxTasks) {
        return new LinkedBlockingQueue<>(MAX_TASKS);
    }

    /// Has the next requests for a later task fail, as on a full Java heap.
    public void failSchedules(int count) {
        schedulesToFail.set(count);
    }

    /// {@return the number of requests for a later task that are still to fail}
    public int schedulesToFail() {
        return schedulesToFail.get();
    }

    /// Has the next requests for a task fail, as on a full Java heap.
    public void failTasks(int count) {
        tasksToFail.set(count);
    }

    /// {@return the number of requests for a task that are still to fail}
    public int tasksToFail() {
        return tasksToFail.get();
    }

    /// Runs an action while the event loop is busy and its queue of tasks is full. Returns when the queue is empty.
    public void whileFull(Runnable action) throws InterruptedException {
        CountDownLatch isBusy = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        execute(() -> {
            isBusy.countDown();
            awaitUninterruptibly(end);
        });
        isBusy.await();
        try {
            while (true) {
                execute(() -> {});
            }
        } catch (RejectedExecutionException full) {
            action.run();
        } finally {
            end.countDown();
        }
        Eventually.holds("an empty queue", () -> pendingTasks() == 0);
        submit(() -> {}).syncUninterruptibly();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void execute(Runnable task) {
        failIfAny(tasksToFail);
        super.execute(task);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        failIfAny(schedulesToFail);
        return super.schedule(task, delay, unit);
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long initialDelay, long delay, TimeUnit unit) {
        failIfAny(schedulesToFail);
        return super.scheduleWithFixedDelay(task, initialDelay, delay, unit);
    }

    private static void failIfAny(AtomicInteger left) {
        if (left.getAndUpdate(count -> Math.max(0, count - 1)) > 0) {
            throw new OutOfMemoryError("injected");
        }
    }

    @Override
    public void close() {
        shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
