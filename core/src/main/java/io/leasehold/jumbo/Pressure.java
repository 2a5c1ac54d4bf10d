package io.leasehold.jumbo;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/// The state of [Backpressure]: whether too many pages are in use, which tasks wait for a page, and what the listener
/// was notified of.
///
/// ```text
///   low -------- seems too many: presume ----> high, not decided ---- still too many ----> high, listener notified
///      ^                                             |                                         |
///      +------------- few pages in use --------------+-----------------------------------------+
/// ```
///
/// **Threads.** Any thread may call [#isHigh], [#isPressed], [#forget] and [#hasWaiters]. The methods that change the
/// state are called under the lock of [Backpressure]. [#notifyListener] and [#notifyWaiters] are called by a thread
/// without a lock.
///
/// **Memory order.** `high` and `pressed` are volatile. They are written before the copies of [JumboSlabPool] or
/// `openSlots` are read, and read after those are written. `ShutSlotStress` checks it for `openSlots`. A thread
/// writes `decided` and then tries to take `notifying`; the thread that has it gives it back and then reads `decided`.
/// So one of them notifies the listener of the change.
///
/// **Invariants.** I1: `pressed` is set while `high` is set, or a task waits.
final class Pressure {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final String pool; // (C)
    private final JumboOptions.@Nullable Watermarks watermarks; // (C)
    private final Queue<Runnable> waiters = new ConcurrentLinkedQueue<>(); // (A)
    private final AtomicLong owed = new AtomicLong(); // (A) calls to handle; not 0 while a thread runs tasks
    private volatile boolean high; // (A)
    private volatile boolean pressed; // (A) one flag for all reasons, because every release reads it
    private volatile boolean decided; // (A) the value that the listener gets
    private final ReentrantLock notifying = new ReentrantLock(); // held while the listener runs
    private volatile boolean notified; // (L) notifying, read without it
    private boolean warned; // (L) this

    Pressure(JumboOptions options) {
        this.pool = options.name();
        this.watermarks = options.watermarks();
    }

    /// {@return true if `used` pages in use reach the high watermark}
    boolean isTooMany(int used) {
        return watermarks != null && used >= watermarks.high();
    }

    /// {@return true if `used` pages in use are not above the low watermark}
    boolean isFew(int used) {
        return watermarks != null && used <= watermarks.low();
    }

    boolean isWatched() {
        return watermarks != null;
    }

    boolean isHigh() {
        return high;
    }

    /// {@return true if freed pages go to the slab pool at once, where they are counted}
    boolean isPressed() {
        return pressed;
    }

    /// Sets the pressure to high for as long as pages are counted. The caller then drains the shards, counts the pages
    /// in use, and calls [#decide].
    ///
    /// @return false if the pressure is high already
    boolean presume() {
        if (high) {
            return false;
        }
        high = true;
        pressed = true;
        return true;
    }

    /// Sets whether too many pages are in use.
    void decide(boolean isHigh) {
        high = isHigh;
        decided = isHigh;
        update();
    }

    /// Allows pages in shards again, unless the pressure is high or a task waits.
    void update() {
        pressed = high || !waiters.isEmpty();
    }

    /// Adds a task that is notified when a page comes to the slab pool.
    void await(Runnable task) {
        waiters.add(task);
        pressed = true;
    }

    /// {@return true if the task waited and was removed; false if it was notified}
    boolean forget(Runnable task) {
        return waiters.remove(task);
    }

    boolean hasWaiters() {
        return !waiters.isEmpty();
    }

    /// Runs the tasks that have waited the longest: one for each call of this method, or as many as there are free
    /// pages. If a thread is running tasks, that thread runs these too. It may be the calling thread: a task that frees
    /// a page notifies the next one, and tasks inside each other would overflow the stack.
    ///
    /// Called by callers that checked the stack: an overflow in here would leave `owed` taken.
    ///
    /// @param freePages number of free pages, read once for all calls that came while tasks ran. A sum over these calls
    ///     would count each free page several times
    void notifyWaiters(IntSupplier freePages) {
        if (owed.getAndIncrement() != 0) {
            return;
        }
        long seen = 1;
        do {
            long most = Math.max(seen, freePages.getAsInt());
            Runnable task = waiters.poll();
            for (long i = 1; task != null; i++) {
                run(task);
                task = i < most ? waiters.poll() : null;
            }
            seen = owed.addAndGet(-seen);
        } while (seen != 0);
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            logFailure(e);
        }
    }

    /// Notifies the listener of a change that it was not notified of yet.
    ///
    /// If pages are scarce, waits for a thread that is notifying the listener. So the listener knows of it when this
    /// call returns, and for example has stopped a channel. The end of pressure is not waited for: a release must not
    /// wait, and two listeners that free pages of each other's pool would wait for each other. The other thread looks
    /// again after its call, and so does the listener's own thread if the listener changes the pressure.
    void notifyListener() {
        while (watermarks != null && notified != decided && !notifying.isHeldByCurrentThread()) {
            if (decided) {
                notifying.lock();
            } else if (!notifying.tryLock()) {
                return;
            }
            try {
                while (notified != decided) {
                    notified = !notified;
                    notify(watermarks.listener(), notified);
                }
            } finally {
                notifying.unlock();
            }
        }
    }

    private void notify(PressureListener listener, boolean isHigh) {
        try {
            listener.pressureChanged(isHigh);
        } catch (RuntimeException | Error e) {
            logFailure(e);
        }
    }

    /// Logs a failure of the code of the caller. It is no failure of the thread that frees or allocates a page.
    private synchronized void logFailure(Throwable e) {
        if (!warned) {
            warned = true; // a repeated failure would flood the log
            try {
                LOG.log(System.Logger.Level.WARNING, "listener or task failed: pool=" + pool, e);
            } catch (RuntimeException | Error noEntry) { // no heap, no stack, or the logger failed
                warned = false; // the next failure is logged; an exception here would leave a claim taken
            }
        }
    }

    @Override
    public String toString() {
        return "Pressure(" + (high ? "high, " : "") + watermarks + ")";
    }
}
