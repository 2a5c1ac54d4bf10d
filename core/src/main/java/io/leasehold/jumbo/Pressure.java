package io.leasehold.jumbo;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// Whether too many pages have holders, or somebody waits for one; and who is told.
///
/// **Threads.** [#isHigh], [#isPressed] and [#forget] by anybody; [#set] and [#await] under the lock of the slots;
/// [#tell] and [#tellStarved] by anybody who holds no lock.
///
/// **Memory order.** A thread that entered a slot after the slots were suspended and resumed sees what was set before.
///
/// **Invariants.** I1: `pressed` is set while `high` is, or somebody waits.
final class Pressure {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final String ring; // (C)
    private final JumboOptions.@Nullable Watermarks watermarks; // (C)
    private final Queue<Runnable> starved = new ConcurrentLinkedQueue<>(); // (A)
    private volatile boolean high; // (A)
    private volatile boolean pressed; // (A) one word for both, as every release reads it
    private boolean told; // (L) this
    private boolean warned; // (L) this

    Pressure(JumboOptions options) {
        this.ring = options.name();
        this.watermarks = options.watermarks();
    }

    /// {@return whether so many pages out are too many}
    boolean isTooMany(int used) {
        return watermarks != null && used >= watermarks.high();
    }

    /// {@return whether so many pages out are few again}
    boolean isFew(int used) {
        return watermarks != null && used <= watermarks.low();
    }

    boolean isWatched() {
        return watermarks != null;
    }

    boolean isHigh() {
        return high;
    }

    /// {@return whether pages that are freed go to the pool at once, where they are seen}
    boolean isPressed() {
        return pressed;
    }

    void set(boolean isHigh) {
        high = isHigh;
        pressed = isHigh || !starved.isEmpty();
    }

    /// Notes who is to be told of the next page that comes home.
    void await(Runnable task) {
        starved.add(task);
        pressed = true;
    }

    void forget(Runnable task) {
        starved.remove(task);
    }

    boolean hasStarved() {
        return !starved.isEmpty();
    }

    /// Tells all who wait, once.
    void tellStarved() {
        for (Runnable task = starved.poll(); task != null; task = starved.poll()) {
            try {
                task.run();
            } catch (RuntimeException e) {
                complain(e);
            }
        }
    }

    /// Tells the listener what it does not know yet.
    synchronized void tell() {
        while (watermarks != null && told != high) {
            told = !told;
            try {
                watermarks.listener().pressureChanged(told);
            } catch (RuntimeException e) {
                complain(e);
            }
        }
    }

    private synchronized void complain(RuntimeException e) {
        if (!warned) {
            warned = true; // a repeated failure would flood the log
            LOG.log(System.Logger.Level.WARNING, "listener to pressure failed: ring=" + ring, e);
        }
    }

    @Override
    public String toString() {
        return "Pressure(" + (high ? "high, " : "") + watermarks + ")";
    }
}
