package io.leasehold.holder;

import org.jspecify.annotations.Nullable;

/// The record of one use of a block: from its allocation to its release.
///
/// **Threads.** The holder of the block calls these methods, one thread at a time.
public interface Use {

    /// Ends the use. The block is released after this call, even if this call fails.
    ///
    /// @param user object that was recorded when the use began
    void end(Object user);

    /// Records that the use reached a place.
    ///
    /// @param hint object that describes the place, or null
    void touch(@Nullable Object hint);

    /// Ends this use and begins one of a block of another size, because the block grew or moved.
    ///
    /// @param newByteSize size of the block from now on, in bytes
    /// @return the use of the block, or null if it is not recorded any more
    @Nullable Use resized(int newByteSize);
}
