package io.leasehold.jetty;

import io.leasehold.memory.StackReserve;
import org.jspecify.annotations.Nullable;

/// Buffers of one pool whose last release met a full stack. A thread with enough stack frees their blocks: a thread
/// that acquires a buffer, trims, closes, or reads the statistics.
///
/// The buffers are linked by a field of their own. So adding one needs neither a call nor memory.
///
/// **Threads.** Thread-safe.
final class LateBuffers {

    volatile @Nullable LeasedBuffer first; // (L) this, read by free

    /// Frees the blocks of all buffers.
    ///
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    void free() {
        if (first != null) {
            StackReserve.ensure(3); // an overflow after a buffer was removed would lose its block
            for (LeasedBuffer buffer = poll(); buffer != null; buffer = poll()) {
                buffer.free();
            }
        }
    }

    private synchronized @Nullable LeasedBuffer poll() {
        LeasedBuffer polled = first;
        if (polled != null) {
            first = polled.next;
            polled.next = null;
        }
        return polled;
    }

    @Override
    public String toString() {
        return "LateBuffers(" + (first == null ? "none" : "some") + ")";
    }
}
