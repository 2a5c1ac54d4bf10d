package io.leasehold.page;

import io.leasehold.holder.EveryUse;
import io.leasehold.os.AddressSpace;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Runs the thread that decommits idle memory of all arenas of the process, even while no thread allocates.
///
/// ```text
///            Decay.request: pushed on `woken`
///   resting ----------------------------------> queued, for its next tick --+
///      ^                                           ^                        |  due, and there is credit
///      |                                           | work left, or a tick   v
///      +--------- nothing to do -------------------+--------------------- busy, in a step
/// ```
///
/// **Cost.** [MaintenanceCredit] limits the time of the steps. A step that needs more time stops and continues later.
/// Arenas that rest cost nothing.
///
/// **Identity.** The thread starts when there is something to do, and ends after [#LINGER_NANOS] with nothing to do.
/// While it runs, the class loader of this class cannot be collected. The thread ignores interrupts and survives errors
/// in a step. It inherits nothing from the thread that starts it: neither context class loader, inheritable thread
/// locals, group nor priority. If it dies nevertheless, the next change in an arena that rests starts another one.
///
/// **Closed class loaders.** A class loader that is closed loads no more classes, but loaded classes still run. Then an
/// arena whose step needs a missing class is removed, and its memory is freed together with the class loader. A class
/// can also be missing because the Java heap or the stack was too small to initialize it. Then the step is tried again.
///
/// **Failures.** A handler of an error does nothing that can fail again: with a full Java heap, even the first use of a
/// string constant fails. The error is stored, and logged where a further error would be caught.
///
/// **Threads.** Thread-safe. `wake` does not wait for any arena.
final class Maintenance {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    /// Pause before an error is logged that was thrown outside of a step.
    private static final long FAILURE_PAUSE_NANOS = 100_000_000;

    private static final long RETRY_NANOS = 1_000_000_000;

    /// Longer than a tick of an arena with the default decay. A thread that ends and starts all the time costs more
    /// than one that stays.
    private static final long LINGER_NANOS = 1_000_000_000;

    private static final Maintenance SYSTEM = new Maintenance();

    private final long origin = System.nanoTime(); // (C) times are compared as distances from it
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stepped = lock.newCondition();
    private final List<Task> tasks = new ArrayList<>(); // (L) all: queued, busy and resting
    private PriorityQueue<Task> queue = newQueue(1); // (L) has capacity for all tasks, so that queueing one cannot fail
    private int queueCapacity = 1; // (L)
    private final AtomicReference<@Nullable Task> woken = new AtomicReference<>(); // (A) a stack
    private volatile @Nullable Thread thread; // (L), read by wake
    private @Nullable Thread next; // (L) not started; created early, since the Java heap may be full later
    private boolean isIdle; // (L)
    private long lingerEnd; // (L) when the thread ends, if it gets no work
    private @Nullable Throwable failure; // (O) maintenance thread; to be logged
    private final MaintenanceCredit credit = new MaintenanceCredit(origin); // (O) maintenance thread

    private Maintenance() {}

    /// The clock of one arena, and the time of its next step.
    private static final class Task {
        final String name; // (C)
        final Decay decay; // (C)
        final AtomicBoolean isWoken = new AtomicBoolean(); // (A) on the stack

        @Nullable Task below; // (O) the thread that pushes or pops the task

        long due; // (L)
        boolean isQueued; // (L)
        boolean isBusy; // (L)
        boolean isRemoved; // (L)

        @Nullable Throwable failure; // (O) maintenance thread; to be logged

        boolean isWarned; // (O) maintenance thread; a repeated failure would flood the log

        Task(String name, Decay decay) {
            this.name = name;
            this.decay = decay;
        }
    }

    static Maintenance system() {
        return SYSTEM;
    }

    /// Adds the clock of an arena, and starts the maintenance thread. If no thread can be started now, the next change
    /// in the arena tries again.
    void add(String name, Decay decay) {
        Task task = new Task(name, decay);
        Runnable wake = () -> wake(task);
        lock.lock();
        try {
            reserve(tasks.size() + 1);
            tasks.add(task);
        } finally {
            lock.unlock();
        }
        decay.onRequest(wake);
        decay.start();
    }

    private void remove(Task task) {
        lock.lock();
        try {
            tasks.remove(task);
            queue.remove(task);
            task.isRemoved = true;
        } finally {
            lock.unlock();
        }
    }

    /// Removes a clock. After this returned, no call of the clock is in progress or will follow.
    void remove(Decay decay) {
        lock.lock();
        try {
            for (Task task : List.copyOf(tasks)) {
                if (task.decay == decay) {
                    remove(task);
                    while (task.isBusy) {
                        stepped.awaitUninterruptibly();
                    }
                }
            }
            LockSupport.unpark(thread);
        } finally {
            lock.unlock();
        }
    }

    /// Queues a task that rests. May be called by a thread that holds the lock of the arena.
    ///
    /// @throws Error if the maintenance thread does not run and cannot be started
    private void wake(Task task) {
        task.decay.catchUp(System.nanoTime());
        if (task.isWoken.compareAndSet(false, true)) {
            Task head;
            do {
                head = woken.get();
                task.below = head;
            } while (!woken.compareAndSet(head, task));
        }
        ensureRunning();
    }

    private void ensureRunning() {
        // must follow the push on `woken`: a thread that ends clears `thread` before it checks `woken`
        Thread running = thread;
        if (running != null && running.isAlive()) {
            LockSupport.unpark(running);
            return;
        }
        lock.lock();
        try {
            running = thread;
            if (!tasks.isEmpty() && (running == null || !running.isAlive())) {
                start();
            }
        } finally {
            lock.unlock();
        }
    }

    private void start() {
        Thread starting = next == null ? MaintenanceThread.of(this::run) : next;
        next = null;
        starting.start();
        thread = starting;
    }

    private void run() {
        runToEnd();
        try {
            AddressSpace.releaseAtEnd(); // the class loader can be collected only after this thread ended
        } catch (OutOfMemoryError e) {
            // the next maintenance thread releases it
        }
    }

    private void runToEnd() {
        boolean isRunning = true;
        while (isRunning) {
            try {
                isRunning = canGoOn() && runOnce();
            } catch (Throwable e) {
                failure = e;
            }
        }
    }

    /// Logs an error that was thrown outside of a step. Waits first, in case it is thrown again at once.
    ///
    /// @return false if the thread ends, because the class loader was closed; all arenas are removed then
    private boolean canGoOn() {
        Throwable thrown = failure;
        if (thrown == null) {
            return true;
        }
        boolean isLast = MaintenanceThread.isOver(thrown);
        failure = null;
        if (isLast) {
            removeAll();
        } else {
            LockSupport.parkNanos(this, FAILURE_PAUSE_NANOS);
            LOG.log(System.Logger.Level.WARNING, "maintenance failed outside of a step", thrown);
        }
        return !isLast;
    }

    private void removeAll() {
        lock.lock();
        try {
            for (Task task : tasks) {
                task.isRemoved = true;
            }
            tasks.clear();
            queue.clear();
            thread = null;
        } finally {
            lock.unlock();
        }
    }

    /// Runs one step, or waits until one is due.
    ///
    /// @return false if the thread ends
    private boolean runOnce() {
        Task task = null;
        long wait;
        lock.lock();
        try {
            enqueueWoken();
            if (next == null) {
                next = MaintenanceThread.of(this::run);
            }
            long now = System.nanoTime();
            credit.add(now);
            Task first = queue.peek();
            wait = first == null ? linger(now) : Math.max(first.due - now, credit.pauseNanos());
            isIdle = first == null;
            if (first == null && wait <= 0) {
                return !end();
            }
            if (wait <= 0) {
                task = queue.remove();
                task.isQueued = false;
                task.isBusy = true;
            }
        } finally {
            lock.unlock();
        }

        if (task != null) {
            EveryUse.poll();
            step(task);
        } else {
            LockSupport.parkNanos(this, wait);
            Thread.interrupted(); // otherwise every later park would return at once
        }
        return true;
    }

    /// {@return the time in nanoseconds for which the thread may stay with nothing to do; if not positive, it ends now}
    /// Guarded by `lock`.
    private long linger(long now) {
        if (tasks.isEmpty()) {
            return 0;
        }
        if (!isIdle) {
            lingerEnd = now + LINGER_NANOS;
        }
        return lingerEnd - now;
    }

    /// {@return true if the thread ends, or false if a task was woken meanwhile} Guarded by `lock`.
    private boolean end() {
        isIdle = false;
        thread = null;
        // a thread that pushes a task after this load sees that no maintenance thread runs
        boolean isEnding = woken.get() == null;
        if (!isEnding) {
            thread = Thread.currentThread();
        }
        return isEnding;
    }

    /// Runs one step without `lock`, so that arenas can be added and removed meanwhile.
    private void step(Task task) {
        long begin = System.nanoTime();
        long due = begin + RETRY_NANOS; // if the step fails, the thread must still serve the other arenas
        try {
            due = task.decay.step(begin, credit.pace());
        } catch (Throwable e) {
            task.failure = e;
        } finally {
            credit.charge(System.nanoTime() - begin);
            lock.lock();
            try {
                task.isBusy = false;
                if (due != Decay.NEVER) {
                    enqueue(task, due);
                }
                stepped.signalAll();
            } finally {
                lock.unlock();
            }
        }
        reportFailure(task);
    }

    private void reportFailure(Task task) {
        Throwable thrown = task.failure;
        if (thrown != null && MaintenanceThread.isOver(thrown)) {
            remove(task);
        }
        task.failure = null;
        if (thrown != null && !task.isWarned) {
            LOG.log(System.Logger.Level.WARNING, "maintenance failed: arena=" + task.name, thrown);
            task.isWarned = true;
        }
    }

    private void enqueueWoken() {
        Task task = woken.getAndSet(null);
        while (task != null) {
            Task below = task.below;
            task.below = null;
            task.isWoken.set(false); // from now on the task may be pushed again
            if (!task.isBusy) {
                enqueue(task, task.decay.nextTick(System.nanoTime()));
            }
            task = below;
        }
    }

    private void enqueue(Task task, long due) {
        if (!task.isQueued && !task.isRemoved) {
            task.due = due;
            task.isQueued = true;
            queue.add(task);
        }
    }

    private void reserve(int taskCount) {
        if (taskCount > queueCapacity) {
            PriorityQueue<Task> larger = newQueue(2 * taskCount);
            larger.addAll(queue);
            queue = larger;
            queueCapacity = 2 * taskCount;
        }
    }

    private PriorityQueue<Task> newQueue(int capacity) {
        return new PriorityQueue<>(capacity, (a, b) -> Long.compare(a.due - origin, b.due - origin));
    }
}
