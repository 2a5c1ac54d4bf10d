package io.leasehold.jumbo;

/// A callback that is notified when pages become scarce and when pressure ends, so that receivers read less.
///
/// **Threads.** Called by the thread that allocated or freed the page in question, or by the clock of the arena. Calls
/// do not overlap. A thread that found pages scarce waits for the call in progress. A thread that ends the pressure
/// leaves the call to the thread in progress. The callback may allocate and free pages. If that changes the pressure,
/// the callback is called again after it returned. It must not block, and must not take a lock that a thread holds
/// while it allocates a page. Only the first exception of the tasks and the listener of a pool is logged.
@FunctionalInterface
public interface PressureListener {

    /// Called at each change, in turn: high, low, high. If changes of several threads meet, the last call has the
    /// current value.
    ///
    /// @param isHigh true if the number of pages in use reached the high watermark, or an allocation found no page
    ///     while the number was above the low watermark; false if the number fell to the low watermark
    void pressureChanged(boolean isHigh);
}
