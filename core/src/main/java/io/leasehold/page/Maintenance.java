package io.leasehold.page;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The one thread that gives memory back, for all arenas of the process, whether or not anybody allocates.
///
/// It starts with the first arena that decays and ends with the last.
///
/// **Threads.** Thread-safe.
final class Maintenance {

    private static final System.Logger LOG = System.getLogger("io.leasehold");
    private static final Maintenance SYSTEM = new Maintenance();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Task> tasks = new ArrayList<>(); // (L)
    private boolean running; // (L)

    private Maintenance() {}

    /// A clock and when it wants to be called.
    private static final class Task {
        final String name; // (C)
        final Decay decay; // (C)
        long due; // (L)
        boolean busy; // (L)
        boolean warned; // (O) maintenance thread

        Task(String name, Decay decay, long due) {
            this.name = name;
            this.decay = decay;
            this.due = due;
        }
    }

    static Maintenance system() {
        return SYSTEM;
    }

    void add(String name, Decay decay) {
        lock.lock();
        try {
            tasks.add(new Task(name, decay, System.nanoTime()));
            if (!running) {
                running = true;
                Thread.ofPlatform().name("leasehold-maintenance").daemon().start(this::run);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Forgets a clock; when this returns it is not being called and never will be.
    void remove(Decay decay) {
        lock.lock();
        try {
            for (Task task : List.copyOf(tasks)) {
                if (task.decay == decay) {
                    tasks.remove(task);
                    while (task.busy) {
                        changed.awaitUninterruptibly();
                    }
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        lock.lock();
        try {
            while (!tasks.isEmpty()) {
                Task next = tasks.getFirst();
                for (Task task : tasks) {
                    next = task.due - next.due < 0 ? task : next;
                }
                long wait = next.due - System.nanoTime();
                if (wait <= 0) {
                    step(next);
                } else {
                    changed.awaitNanos(wait);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.WARNING, "maintenance was interrupted: memory is given back by trim() only", e);
        } finally {
            running = false;
            lock.unlock();
        }
    }

    /// One step without the lock, so that arenas can come and go meanwhile.
    private void step(Task task) {
        task.busy = true;
        lock.unlock();
        long due = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        try {
            due = task.decay.step(System.nanoTime());
        } catch (RuntimeException | Error e) {
            // the other arenas still need this thread; a repeated failure would flood the log
            if (!task.warned) {
                task.warned = true;
                LOG.log(System.Logger.Level.WARNING, "maintenance failed: arena=" + task.name, e);
            }
        } finally {
            lock.lock();
            task.busy = false;
            task.due = due;
            changed.signalAll();
        }
    }
}
