package io.leasehold.agent;

import org.jspecify.annotations.Nullable;

/// The method that the patched pools call, by reflection and through the system class loader, which has the agent.
///
/// **Threads.** Thread-safe.
public final class FacadeHook {

    private FacadeHook() {}

    /// {@return the allocator behind a pool, or null if the pool keeps its own}
    ///
    /// A pool that aligns its buffers promises what the shared heap does not promise, and a pool without arenas does
    /// not pool. Both keep their own allocator, with one exception. By default Netty makes no arenas if memory is
    /// short. That is a property of its arenas and no wish of the operator.
    ///
    /// @param pool the pool, which is under construction
    /// @param isDirect true for direct buffers
    /// @param arenas number of arenas of the pool
    /// @param defaultArenas number of arenas of a pool that is made without a number
    /// @param alignment alignment of buffers in bytes, 0 for none
    public static @Nullable Object backing(
            Object pool, Boolean isDirect, Integer arenas, Integer defaultArenas, Integer alignment) {
        boolean isComputed = arenas.equals(defaultArenas) && !NettyCopies.isArenaCountGiven(pool, isDirect);
        boolean isUnpooled = arenas == 0 && !isComputed;
        return alignment > 0 || isUnpooled ? null : NettyCopies.backing(pool, isDirect);
    }
}
