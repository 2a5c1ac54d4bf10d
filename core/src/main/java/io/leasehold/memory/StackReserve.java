package io.leasehold.memory;

/// Room on the stack of the calling thread for a change that must not stop half-way.
///
/// A stack that overflows throws at any call. What changes shared state in several calls asks here first: if the stack
/// is nearly full, the error is thrown before anything was changed.
///
/// **Cost.** About thirty calls, so this is for slow paths. Fast paths are changed last instead: their change is a
/// store.
///
/// **Threads.** Stateless.
public final class StackReserve {

    /// More than what any change calls below the method that asks.
    private static final int FRAMES = 32;

    private StackReserve() {}

    /// Does nothing if there is room for a change.
    ///
    /// @throws StackOverflowError if there is none
    public static void ensure() {
        if (descend(FRAMES, 1, 2, 3, 4) == 0) {
            throw new AssertionError("a sum of positive numbers");
        }
    }

    /// Keeps its parameters until after the call, so that compiled frames have a size too.
    private static long descend(int frames, long a, long b, long c, long d) {
        return frames == 0 ? a : descend(frames - 1, d, a, b, c) + (a ^ b) + (c | d);
    }
}
