package io.leasehold.jumbo;

import org.jspecify.annotations.Nullable;

/// Whether too many pages are out, and who is told.
///
/// **Threads.** [#isHigh] by anybody; [#set] under the lock of the slots; [#tell] by anybody who holds no lock.
///
/// **Memory order.** A thread that entered a slot after the slots were suspended and resumed sees what was set before.
final class Pressure {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final String ring; // (C)
    private final JumboOptions.@Nullable Watermarks watermarks; // (C)
    private volatile boolean high; // (A)
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

    void set(boolean isHigh) {
        high = isHigh;
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

    private void complain(RuntimeException e) {
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
