package io.leasehold.memory;

import java.util.concurrent.atomic.AtomicBoolean;

/// The handshake between a worker that rests while it has no work, and threads that make work for it.
///
/// ```text
///   worker                          any thread
///     begin                           make a change
///     look for changes                end: true for one thread, which wakes the worker
///     none: wait to be woken
/// ```
///
/// Each side stores before it loads. So either the worker sees the change, or the thread sees that the worker rests.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Memory order.** The flag is volatile. The change must be stored and loaded with volatile accesses, or under one
/// lock. Test: `RestFlagStress`.
public final class RestFlag {

    private final AtomicBoolean resting = new AtomicBoolean(); // (A)

    /// Creates a flag for a worker that does not rest.
    public RestFlag() {}

    /// Sets the flag. The worker calls this before it looks for changes a last time.
    public void begin() {
        resting.set(true);
    }

    /// Clears the flag. The worker calls this if it found work and does not rest.
    public void cancel() {
        resting.set(false);
    }

    /// Ends the rest. A thread calls this after a change. Costs one load while the worker does not rest.
    ///
    /// @return true if the caller must wake the worker
    public boolean end() {
        return resting.get() && resting.compareAndSet(true, false);
    }

    @Override
    public String toString() {
        return "RestFlag(" + resting + ")";
    }
}
