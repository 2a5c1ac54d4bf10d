package io.leasehold.memory;

import io.leasehold.os.AddressSpace;

/// Checks that the stack of the calling thread has space for a change that must not be interrupted by a stack overflow.
///
/// A stack overflow can throw at any call. Code that changes shared state in several calls uses this check first. If
/// the stack is nearly full, the error is thrown before anything was changed.
///
/// A layer calls changes of the layers below it, and those changes check the stack too. So a layer checks the space for
/// all of these layers. After its own change has begun, the checks below it then always succeed.
///
/// **Cost.** About 5 ns for one or two layers once compiled, if [LongFrames] works, and 100 ns for each other layer
/// (x86-64, JDK 25, 2026-11-30). A fast path does not need the check: the calls before its first change go as deep as
/// those after it, so they meet the overflow.
///
/// **Threads.** Stateless.
public final class StackReserve {

    /// Real frames for one layer. In compiled code they take 3 KiB. A change of one layer needs at most that much, also
    /// if the interpreter runs most of its calls. ([LongFrames] check more, because that costs nothing.)
    private static final int FRAMES = 80;

    /// Layers that [LongFrames] checks: it works on HotSpot where all OS pages have 4 KiB.
    private static final int LAYERS_OF_LONG_FRAMES = AddressSpace.isHotSpotWithSmallPages() ? 2 : 0;

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
        long sum = layers <= LAYERS_OF_LONG_FRAMES
                ? LongFrames.ensure(layers)
                : descend((layers - LAYERS_OF_LONG_FRAMES) * FRAMES, 1, 2, 3, 4);
        if (sum == 0) {
            throw new AssertionError("a sum of positive numbers");
        }
    }

    /// Makes real frames, and checks the stack below them. Uses its parameters after the call, so that compiled frames
    /// are not empty.
    private static long descend(int frames, long a, long b, long c, long d) {
        if (frames == 0) {
            return LAYERS_OF_LONG_FRAMES == 0 ? a : LongFrames.ensure(LAYERS_OF_LONG_FRAMES);
        }
        return descend(frames - 1, d, a, b, c) + (a ^ b) + (c | d);
    }
}
