package io.leasehold.jumbo;

/// A callback that is notified when pages become scarce and when pressure ends, so that receivers read less.
///
/// **Threads.** Called by the thread that allocated or freed the page in question, or by the clock of the arena. Calls
/// do not overlap: a thread that has a change to report waits for the call in progress. The callback may allocate and
/// free pages of its pool. If that changes the pressure, the callback is called again after it returned. It must not
/// block, and must not take a lock that a thread holds while it allocates or frees a page. Two listeners that change
/// the pressure of each other's pool could wait for each other. Only the first exception of the tasks and the listener
/// of a pool is logged.
@FunctionalInterface
public interface PressureListener {

    /// Called at each change, in turn: high, low, high. If changes of several threads meet, the last call has the
    /// current value.
    ///
    /// @param isHigh true if the number of pages in use reached the high watermark, or an allocation found no page
    ///     while the number was above the low watermark; false if the number fell to the low watermark
    void pressureChanged(boolean isHigh);
}
