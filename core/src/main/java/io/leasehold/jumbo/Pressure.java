package io.leasehold.jumbo;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// Whether too many pages have holders, which tasks wait for a page, and what the listener was told.
///
/// ```text
///   content ---- seems too many: presume ----> high, not decided ---- still too many ----> high, listener told
///      ^                                             |                                         |
///      +----------------- few have holders ----------+-----------------------------------------+
/// ```
///
/// **Threads.** Any thread may call [#isHigh], [#isPressed], [#forget] and [#hasWaiters]. The methods that change the
/// state are called under the lock of [Backpressure]; [#notifyListener] and [#notifyWaiters] by a thread without a lock.
///
/// **Memory order.** `high` and `pressed` are volatile. They are written before the slab pool's copies or `openSlots` are
/// read, and read after those are written.
///
/// **Invariants.** I1: `pressed` is set while `high` is, or a task waits.
final class Pressure {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final String pool; // (C)
    private final JumboOptions.@Nullable Watermarks watermarks; // (C)
    private final Queue<Runnable> waiters = new ConcurrentLinkedQueue<>(); // (A)
    private volatile boolean high; // (A)
    private volatile boolean pressed; // (A) one word for all reasons, as every release reads it
    private volatile boolean decided; // (A) what the listener is to know
    private boolean notified; // (L) this
    private boolean warned; // (L) this

    Pressure(JumboOptions options) {
        this.pool = options.name();
        this.watermarks = options.watermarks();
    }

    /// {@return true if so many pages with holders are too many}
    boolean isTooMany(int used) {
        return watermarks != null && used >= watermarks.high();
    }

    /// {@return true if so many pages with holders are few again}
    boolean isFew(int used) {
        return watermarks != null && used <= watermarks.low();
    }

    boolean isWatched() {
        return watermarks != null;
    }

    boolean isHigh() {
        return high;
    }

    /// {@return true if pages that are freed go to the slab pool at once, where they are seen}
    boolean isPressed() {
        return pressed;
    }

    /// Says that too many pages seem to have holders. The caller counts them after this, with all free pages in the
    /// slab pool, and calls [#decide].
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

    /// Says whether too many pages have holders.
    void decide(boolean isHigh) {
        high = isHigh;
        decided = isHigh;
        update();
    }

    /// Lets pages be kept in shards again, unless there is a reason not to.
    void update() {
        pressed = high || !waiters.isEmpty();
    }

    /// Adds a task to be told of a page that comes to the slab pool.
    void await(Runnable task) {
        waiters.add(task);
        pressed = true;
    }

    /// {@return true if a task waited, and does no more; false if it was told}
    boolean forget(Runnable task) {
        return waiters.remove(task);
    }

    boolean hasWaiters() {
        return !waiters.isEmpty();
    }

    /// Tells the tasks that have waited the longest, each once.
    ///
    /// @param count maximum number of tasks
    void notifyWaiters(int count) {
        for (int i = 0; i < count; i++) {
            Runnable task = waiters.poll();
            if (task == null) {
                return;
            }
            try {
                task.run();
            } catch (RuntimeException | Error e) {
                logFailure(e);
            }
        }
    }

    /// Tells the listener what it does not know yet.
    synchronized void notifyListener() {
        while (watermarks != null && notified != decided) {
            notified = !notified;
            try {
                watermarks.listener().pressureChanged(notified);
            } catch (RuntimeException | Error e) {
                logFailure(e);
            }
        }
    }

    /// Logs a failure of the caller's code, which is no failure of the thread that frees or allocates a page.
    private synchronized void logFailure(Throwable e) {
        if (!warned) {
            warned = true; // a repeated failure would flood the log
            try {
                LOG.log(System.Logger.Level.WARNING, "listener to pressure failed: pool=" + pool, e);
            } catch (OutOfMemoryError | StackOverflowError noRoom) {
                warned = false; // for a log entry; the next failure is logged
            }
        }
    }

    @Override
    public String toString() {
        return "Pressure(" + (high ? "high, " : "") + watermarks + ")";
    }
}
