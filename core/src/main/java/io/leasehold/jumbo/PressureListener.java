package io.leasehold.jumbo;

/// Told when pages become scarce and when they are not any more, so that whoever fills them reads less.
///
/// **Threads.** Called by whichever thread took or gave the page in question, one call at a time and without any lock
/// that the pool needs, so pages may be taken and released inside. It must not block. What it throws is logged, once.
@FunctionalInterface
public interface PressureListener {

    /// Told of each change, in turn: high, low, high. When calls of several threads meet, the last one is the truth.
    ///
    /// @param isHigh true when as many pages have holders as the high watermark says; false when no more than the low
    ///     one
    void pressureChanged(boolean isHigh);
}
