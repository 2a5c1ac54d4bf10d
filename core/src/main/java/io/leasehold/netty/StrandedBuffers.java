package io.leasehold.netty;

import io.leasehold.memory.StackReserve;
import org.jspecify.annotations.Nullable;

/// Buffers of one allocator that were released or allocated on a stack that had no space for the rest of the call.
///
/// The thread that releases or allocates such a buffer stores it here without a call. The next thread with enough stack
/// frees its block: a thread that allocates and finds its cache empty, trims, closes, or reads the metric.
///
/// **Threads.** Thread-safe. Two threads whose stacks overflow at the same time may choose the same place. Then one
/// block stays allocated until a forced close. If a release finds no place, it throws the error and changes nothing. If
/// an allocation finds no place, its block stays allocated until a forced close.
///
/// **Memory order.** A thread that stores a buffer in `places` sets `areSome` afterwards.
final class StrandedBuffers {

    static final int PLACES = 64;

    final @Nullable CountedByteBuf[] places = new CountedByteBuf[PLACES]; // (A) published by `areSome`
    volatile boolean areSome; // (A)

    /// Frees the blocks of all stranded buffers.
    void release() {
        if (areSome) {
            releaseAll();
        }
    }

    private synchronized void releaseAll() {
        StackReserve.ensure(4);
        areSome = false;
        boolean isDone = false;
        try {
            for (int i = 0; i < PLACES; i++) {
                CountedByteBuf buf = places[i];
                if (buf != null) {
                    places[i] = null;
                    buf.freeStranded();
                }
            }
            isDone = true;
        } finally {
            if (!isDone) {
                areSome = true; // the leak detector failed for one of the buffers
            }
        }
    }

    @Override
    public String toString() {
        return "StrandedBuffers(" + areSome + ")";
    }
}
