package io.leasehold.page;

import io.leasehold.os.AddressSpace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The one thread that gives memory back, for all arenas of the process, whether or not anything is allocated.
///
/// ```text
///            Decay.request: pushed on `woken`
///   resting ----------------------------------> queued, for its next tick --+
///      ^                                           ^                        |  due, and there is credit
///      |                                           | work left, or a tick   v
///      +--------- nothing to do -------------------+--------------------- busy, in a step
/// ```
///
/// **Cost.** Steps take at most one part in [#PARTS] of the time of one processor. What was not used is saved up to
/// [#MAX_CREDIT_NANOS], which is about what the kernel takes to free a gigabyte after a burst. A step that needs more
/// stops and goes on later. Arenas that rest cost nothing.
///
/// **Identity.** The thread starts when there is something to do, and ends after [#LINGER_NANOS] with nothing to do: as
/// long as it runs, the class loader of this class cannot go. It ignores interrupts, survives what a step throws, and
/// has neither the context class loader nor the inheritable thread locals, group or priority of the thread that
/// happened to start it. If it died nevertheless, the next change in an arena that rests starts another one.
///
/// **Closed class loaders.** A class loader that is closed loads no class any more, though what it has loaded still
/// runs. An arena whose step needs a class that is missing is forgotten, and its memory goes with the class loader.
///
/// **Failures.** Where an error is caught, nothing is done that could fail in turn: with the Java heap full, even the
/// first use of a string constant is refused. The error is noted, and logged where another error would be caught.
///
/// **Threads.** Thread-safe. `wake` waits for no arena.
final class Maintenance {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    /// Background work takes at most 5 % of a processor.
    private static final int PARTS = 20;

    private static final long MAX_CREDIT_NANOS = 100_000_000;

    /// The least that a step may take, so that steps are not shorter than the way to them.
    private static final long MIN_STEP_NANOS = 500_000;

    /// The most that a step may take: other arenas wait for its end, and so does a thread that closes this one.
    private static final long MAX_STEP_NANOS = 5_000_000;

    /// What a step is charged at most: if it took longer, the thread waited for a processor.
    private static final long MAX_CHARGE_NANOS = MAX_STEP_NANOS + 1_000_000;

    private static final long RETRY_NANOS = 1_000_000_000;

    /// About what arenas wait between two ticks: a thread that comes and goes all the time costs more than one that
    /// stays.
    private static final long LINGER_NANOS = 1_000_000_000;

    private static final Maintenance SYSTEM = new Maintenance();

    private final long origin = System.nanoTime(); // (C) times are compared as distances from it
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stepped = lock.newCondition();
    private final List<Task> tasks = new ArrayList<>(); // (L) all: queued, busy and resting
    private PriorityQueue<Task> queue = newQueue(1); // (L) has room for all tasks, so that queueing one cannot fail
    private int queueCapacity = 1; // (L)
    private final AtomicReference<@Nullable Task> woken = new AtomicReference<>(); // (A) a stack
    private volatile @Nullable Thread thread; // (L), read by wake
    private @Nullable Thread next; // (L) not started; made early, since a thread is wanted when the Java heap is full
    private boolean isLingering; // (L)
    private long lingerEnd; // (L) when it ends, if nothing comes
    private @Nullable Throwable failure; // (O) maintenance thread; to be logged
    private long credit; // (O) maintenance thread; below 0 it has to rest
    private long creditTime = origin; // (O) maintenance thread

    private Maintenance() {}

    /// The clock of one arena, and when it wants to be called.
    private static final class Task {
        final String name; // (C)
        final Decay decay; // (C)
        final AtomicBoolean isWoken = new AtomicBoolean(); // (A) on the stack

        @Nullable Task below; // (O) the thread that pushes or pops it

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

    void add(String name, Decay decay) {
        Task task = new Task(name, decay);
        lock.lock();
        try {
            reserve(tasks.size() + 1);
            tasks.add(task);
            enqueue(task, System.nanoTime());
            decay.onRequest(() -> wake(task));
        } finally {
            lock.unlock();
        }
        ensureRunning();
    }

    private void forget(Task task) {
        lock.lock();
        try {
            tasks.remove(task);
            queue.remove(task);
            task.isRemoved = true;
        } finally {
            lock.unlock();
        }
    }

    /// Forgets a clock. When this returns, the clock is not being called and never will be.
    void remove(Decay decay) {
        lock.lock();
        try {
            for (Task task : List.copyOf(tasks)) {
                if (task.decay == decay) {
                    forget(task);
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

    /// Ends the rest of a task. Called by any thread, also by one that has the lock of the arena.
    ///
    /// @throws Error if the thread is not there and cannot be started
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
        Thread running = thread; // after the push on `woken`: a thread that ends looks there after it said so
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
            AddressSpace.releaseAtEnd(); // the class loader can go when this thread is gone, and not before
        } catch (OutOfMemoryError e) {
            // the next thread does it
        }
    }

    private void runToEnd() {
        boolean goesOn = true;
        while (goesOn) {
            try {
                reportFailure();
                goesOn = runOnce();
            } catch (LinkageError e) {
                goesOn = false;
                forgetAll();
            } catch (Throwable e) {
                failure = e;
            }
        }
    }

    private void forgetAll() {
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

    /// Logs what was thrown outside of a step, and waits a little, in case it is thrown again at once.
    private void reportFailure() {
        Throwable thrown = failure;
        if (thrown != null) {
            failure = null;
            LockSupport.parkNanos(this, MAX_CREDIT_NANOS);
            LOG.log(System.Logger.Level.WARNING, "maintenance failed outside of a step", thrown);
        }
    }

    /// Makes one step, or waits until one is due.
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
            earn(now);
            Task first = queue.peek();
            wait = first == null ? linger(now) : Math.max(first.due - now, -credit * PARTS);
            isLingering = first == null;
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
            step(task);
        } else {
            LockSupport.parkNanos(this, wait);
            Thread.interrupted(); // or the next park would return at once, and so on for ever
        }
        return true;
    }

    /// {@return how long the thread may stay with nothing to do; 0 or less if it ends now} Under the lock.
    private long linger(long now) {
        if (tasks.isEmpty()) {
            return 0;
        }
        if (!isLingering) {
            lingerEnd = now + LINGER_NANOS;
        }
        return lingerEnd - now;
    }

    /// {@return true if the thread ends, and false if a task was woken meanwhile} Under the lock.
    private boolean end() {
        isLingering = false;
        thread = null;
        boolean ends = woken.get() == null; // a thread that pushes from now on sees that there is none
        if (!ends) {
            thread = Thread.currentThread();
        }
        return ends;
    }

    /// Makes one step without the lock, so that arenas can come and go meanwhile.
    private void step(Task task) {
        long begin = System.nanoTime();
        long due = begin + RETRY_NANOS; // the other arenas still need this thread, if the step fails
        try {
            due = task.decay.step(begin, Pace.ofNanos(Math.clamp(credit, MIN_STEP_NANOS, MAX_STEP_NANOS)));
        } catch (LinkageError e) {
            due = Decay.NEVER;
            task.failure = e;
            forget(task);
        } catch (Throwable e) {
            task.failure = e;
        } finally {
            credit -= Math.min(System.nanoTime() - begin, MAX_CHARGE_NANOS);
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

    private static void reportFailure(Task task) {
        Throwable thrown = task.failure;
        task.failure = null;
        if (thrown != null && !task.isWarned) {
            LOG.log(System.Logger.Level.WARNING, "maintenance failed: arena=" + task.name, thrown);
            task.isWarned = true;
        }
    }

    private void earn(long now) {
        credit = Math.min(MAX_CREDIT_NANOS, credit + (now - creditTime) / PARTS);
        creditTime = now;
    }

    private void enqueueWoken() {
        Task task = woken.getAndSet(null);
        while (task != null) {
            Task below = task.below;
            task.below = null;
            task.isWoken.set(false); // from here on it may be pushed again
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
        return new PriorityQueue<>(capacity, Comparator.comparingLong(task -> task.due - origin));
    }
}
