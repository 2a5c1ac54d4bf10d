package io.leasehold.memory;

import org.jspecify.annotations.Nullable;

/// Objects whose memory could not be freed because the stack was full. They are freed by the next thread with enough
/// stack.
///
/// A thread that meets a [StackOverflowError] in a free, or after it allocated, has no space for another call. So it
/// adds the object by loads and stores in its handler. The objects are linked by a field of their own. So their number
/// has no limit, and adding one needs no memory:
///
/// ```java
///   catch (StackOverflowError e) {
///       synchronized (late) {
///           next = late.first;
///           late.first = this;
///       }
///   }
/// ```
///
/// **Threads.** Thread-safe. The lock is held for a few instructions.
public final class LateFrees {

    /// Layers that check the stack in a free: a buffer, its owner, and two layers of a heap.
    private static final int LAYERS = 4;

    /// The object that was added last, or null.
    public volatile @Nullable Late first; // (L) this, read by free

    /// An object that is freed late.
    public interface Late {

        /// {@return the object that was added before this one, or null} This object has no link to it afterwards.
        @Nullable Late takeNext();

        /// Frees the memory of this object. It may be in use again before this call returns.
        void freeLate();
    }

    /// Frees all objects. If one of them throws, the objects after it are freed by the next call.
    ///
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    public void free() {
        if (first != null) {
            StackReserve.ensure(LAYERS); // an overflow after an object was removed would lose its memory
            for (Late late = poll(); late != null; late = poll()) {
                late.freeLate();
            }
        }
    }

    private synchronized @Nullable Late poll() {
        Late polled = first;
        if (polled != null) {
            first = polled.takeNext();
        }
        return polled;
    }

    @Override
    public String toString() {
        return "LateFrees(" + (first == null ? "none" : "some") + ")";
    }
}
