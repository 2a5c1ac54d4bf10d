package io.leasehold.jumbo;

/// A callback that is notified when pages become scarce and when pressure ends, so that receivers read less.
///
/// **Threads.** Called by the thread that allocated or freed the page in question. Calls do not overlap, and no lock
/// that the pool needs is held. So the callback may allocate and release pages. It must not block. The first exception
/// that it throws is logged.
@FunctionalInterface
public interface PressureListener {

    /// Called at each change, in turn: high, low, high. If changes of several threads meet, the last call has the
    /// current value.
    ///
    /// @param isHigh true if the number of pages in use reached the high watermark; false if it fell to the low
    ///     watermark
    void pressureChanged(boolean isHigh);
}
