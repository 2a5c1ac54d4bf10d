package io.leasehold.memory;

import java.util.concurrent.atomic.AtomicBoolean;

/// The handshake between a worker that rests while there is nothing to do, and threads that give it something to do.
///
/// ```text
///   worker                          any thread
///     begin                           make a change
///     look for changes                end: true for one thread, which wakes the worker
///     none: wait to be woken
/// ```
///
/// Each side stores before it loads. So either the worker sees the change, or the thread sees the rest.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Memory order.** The flag is volatile, and the change must be made and looked for with volatile accesses or under
/// one lock. `RestFlagStress` checks it.
public final class RestFlag {

    private final AtomicBoolean resting = new AtomicBoolean(); // (A)

    /// Makes a flag of a worker that does not rest.
    public RestFlag() {}

    /// Says that the worker is about to rest, before it looks for changes.
    public void begin() {
        resting.set(true);
    }

    /// Says that the worker found something to do and does not rest.
    public void cancel() {
        resting.set(false);
    }

    /// Ends the rest, after a change. Costs one load while the worker does not rest.
    ///
    /// @return true if the caller is the one that has to wake the worker
    public boolean end() {
        return resting.get() && resting.compareAndSet(true, false);
    }

    @Override
    public String toString() {
        return "RestFlag(" + resting + ")";
    }
}
