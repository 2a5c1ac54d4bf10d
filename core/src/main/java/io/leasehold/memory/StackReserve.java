package io.leasehold.memory;

/// Room on the stack of the calling thread for a change that must not stop half-way.
///
/// A stack that overflows throws at any call. What changes shared state in several calls asks here first: if the stack
/// is nearly full, the error is thrown before anything was changed.
///
/// A layer calls changes of the layers below it, which ask as well. So a layer asks for room for all of them: what it
/// calls when its own change has begun then always finds room.
///
/// **Cost.** About thirty calls a layer, so this is for slow paths. Fast paths are changed last: their change is a
/// store.
///
/// **Threads.** Stateless.
public final class StackReserve {

    /// More than what any change of one layer calls below the method that asks.
    private static final int FRAMES = 32;

    private StackReserve() {}

    /// Does nothing if there is room for a change that calls no other change.
    ///
    /// @throws StackOverflowError if there is none
    public static void ensure() {
        ensure(1);
    }

    /// Does nothing if there is room for a change.
    ///
    /// @param layers number of layers that ask for room in it, the calling one included
    /// @throws StackOverflowError if there is none
    public static void ensure(int layers) {
        if (descend(layers * FRAMES, 1, 2, 3, 4) == 0) {
            throw new AssertionError("a sum of positive numbers");
        }
    }

    /// Keeps its parameters until after the call, so that compiled frames have a size too.
    private static long descend(int frames, long a, long b, long c, long d) {
        return frames == 0 ? a : descend(frames - 1, d, a, b, c) + (a ^ b) + (c | d);
    }
}
