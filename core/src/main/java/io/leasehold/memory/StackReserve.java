package io.leasehold.memory;

/// Checks that the stack of the calling thread has space for a change that must not be interrupted by a stack overflow.
///
/// A stack overflow can throw at any call. Code that changes shared state in several calls uses this check first. If
/// the stack is nearly full, the error is thrown before anything was changed.
///
/// A layer calls changes of the layers below it, and those changes check the stack too. So a layer checks the space for
/// all of these layers. After its own change has begun, the checks below it then always succeed.
///
/// **Cost.** About thirty calls per layer, so this is only for slow paths. A fast path does not need it: the calls
/// before its first change go as deep as those after it, so they meet the overflow.
///
/// **Threads.** Stateless.
public final class StackReserve {

    /// Depth of the check for one layer: more than the call depth of any change of one layer.
    private static final int FRAMES = 32;

    private StackReserve() {}

    /// Checks the stack for a change that calls no change of a lower layer.
    ///
    /// @throws StackOverflowError if the space is too small
    public static void ensure() {
        ensure(1);
    }

    /// Checks the stack for a change in several layers.
    ///
    /// @param layers number of layers that check the stack in the change, including the calling one
    /// @throws StackOverflowError if the space is too small
    public static void ensure(int layers) {
        if (descend(layers * FRAMES, 1, 2, 3, 4) == 0) {
            throw new AssertionError("a sum of positive numbers");
        }
    }

    /// Uses its parameters after the call, so that compiled frames are not empty.
    private static long descend(int frames, long a, long b, long c, long d) {
        return frames == 0 ? a : descend(frames - 1, d, a, b, c) + (a ^ b) + (c | d);
    }
}
