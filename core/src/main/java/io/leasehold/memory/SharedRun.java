package io.leasehold.memory;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// Work that many threads need at the same time, and that one of them does for all.
///
/// ```text
///   thread A   ticket 1   runs for tickets 1            done
///   thread B   ticket 2   parks ....................... runs for tickets 2 to 3   done
///   thread C   ticket 3   parks ....................... parks ................... done, without a run of its own
/// ```
///
/// A call returns after a run that began after the call. So the run has seen all that happened before the call.
///
/// A [ShortLock] is no replacement: the work may block, and virtual threads that spin for a ShortLock keep their
/// carriers from a holder that blocked. When the work is done, all threads that it served are woken at once. A queue of
/// a lock would wake one after the other, which takes one context switch for each on a busy machine.
///
/// **Threads.** Thread-safe. A thread that is inside the work may call [#run] again.
///
/// **Invariants.** `served` is at most `asked`, and grows only under `lock`.
///
/// **Memory order.** A waiting thread adds itself to `waiters` before it looks at `served` and tries `lock` for the
/// last time. A thread that ran stores `served` and releases `lock` before it polls `waiters`. So one of them sees the
/// other; `SharedRunStress` tests it.
public final class SharedRun {

    private final Runnable work; // (C)
    private final AtomicLong asked = new AtomicLong(); // (A) the last ticket
    private final ReentrantLock lock = new ReentrantLock(); // held during a run
    private final Queue<Thread> waiters = new ConcurrentLinkedQueue<>(); // (A)
    private volatile long served; // (A) all tickets up to this one are done

    /// Creates an object for one kind of work.
    ///
    /// @param work called by one thread at a time; other threads that call [#run] park until it returns
    public SharedRun(Runnable work) {
        this.work = work;
    }

    /// Does the work, or waits until another thread did it. Not interruptible; the interrupt status stays set.
    ///
    /// An exception of the work is thrown to the thread that did the work. One of the other threads then does the work
    /// again.
    public void run() {
        long ticket = asked.incrementAndGet();
        if (!tryRun(ticket)) {
            await(ticket);
        }
    }

    /// {@return true if the ticket is served now, false if another thread is inside the work}
    private boolean tryRun(long ticket) {
        if (served >= ticket) {
            return true;
        }
        StackReserve.ensure(2);
        if (!lock.tryLock()) {
            return false;
        }
        try {
            if (served < ticket) {
                long last = asked.get();
                work.run();
                served = Math.max(served, last);
            }
        } finally {
            lock.unlock();
            for (Thread waiter = waiters.poll(); waiter != null; waiter = waiters.poll()) {
                LockSupport.unpark(waiter);
            }
        }
        return true;
    }

    private void await(long ticket) {
        Thread self = Thread.currentThread();
        boolean isInterrupted = false;
        try {
            waiters.add(self);
            while (!tryRun(ticket)) {
                LockSupport.park(this);
                isInterrupted |= Thread.interrupted();
                waiters.add(self);
            }
        } finally {
            waiters.remove(self);
            if (isInterrupted) {
                self.interrupt();
            }
        }
    }

    /// {@return the number of calls, for tests}
    public long asked() {
        return asked.get();
    }
}
