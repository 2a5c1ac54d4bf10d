package io.leasehold.holder;

/// The record of one use of a block: from its allocation to its release.
///
/// **Threads.** The holder of the block calls these methods, one thread at a time.
public interface Use {

    /// Ends the use. The block is released after this call, even if this call fails.
    ///
    /// @param user object that was recorded when the use began
    void end(Object user);
}
