package io.leasehold.page;

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
/// **Identity.** The thread starts with the first arena that decays and ends with the last. It ignores interrupts,
/// survives what a step throws, and has neither the context class loader nor the inheritable thread locals of the
/// thread that happened to start it. If it died nevertheless, the next arena starts another one.
///
/// **Failures.** Where an error is caught, nothing is done that could fail in turn: with the Java heap full, even the
/// first use of a string constant is refused. The error is noted, and logged where another error would be caught.
///
/// **Threads.** Thread-safe. `wake` never blocks.
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

    private static final Maintenance SYSTEM = new Maintenance();

    private final long origin = System.nanoTime(); // (C) times are compared as distances from it
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stepped = lock.newCondition();
    private final List<Task> tasks = new ArrayList<>(); // (L) all: queued, busy and resting
    private PriorityQueue<Task> queue = newQueue(1); // (L) has room for all tasks, so that queueing one cannot fail
    private int queueCapacity = 1; // (L)
    private final AtomicReference<@Nullable Task> woken = new AtomicReference<>(); // (A) a stack
    private volatile @Nullable Thread thread; // (L), read by wake
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
            Thread running = thread;
            if (running == null || !running.isAlive()) {
                start();
            } else {
                LockSupport.unpark(running);
            }
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
                    tasks.remove(task);
                    queue.remove(task);
                    task.isRemoved = true;
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
    private void wake(Task task) {
        task.decay.catchUp(System.nanoTime());
        if (task.isWoken.compareAndSet(false, true)) {
            Task head;
            do {
                head = woken.get();
                task.below = head;
            } while (!woken.compareAndSet(head, task));
        }
        LockSupport.unpark(thread);
    }

    private void start() {
        Thread made = Thread.ofPlatform()
                .name("leasehold-maintenance")
                .daemon()
                .inheritInheritableThreadLocals(false)
                .unstarted(this::run);
        made.setContextClassLoader(null);
        made.start();
        thread = made;
    }

    private void run() {
        boolean goesOn = true;
        while (goesOn) {
            try {
                reportFailure();
                goesOn = runOnce();
            } catch (Throwable e) {
                failure = e;
            }
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
    /// @return false if there is no task left
    private boolean runOnce() {
        Task task = null;
        long wait;
        lock.lock();
        try {
            enqueueWoken();
            if (tasks.isEmpty()) {
                thread = null;
                return false;
            }
            long now = System.nanoTime();
            earn(now);
            Task first = queue.peek();
            wait = first == null ? Long.MAX_VALUE : Math.max(first.due - now, -credit * PARTS);
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

    /// Makes one step without the lock, so that arenas can come and go meanwhile.
    private void step(Task task) {
        long begin = System.nanoTime();
        long due = begin + RETRY_NANOS; // the other arenas still need this thread, if the step fails
        try {
            due = task.decay.step(begin, Pace.ofNanos(Math.clamp(credit, MIN_STEP_NANOS, MAX_STEP_NANOS)));
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
