package io.leasehold.lease;

/// Whom a thing goes back to: the one seam by which a lease, and whatever is sub-let from one, changes its owner.
///
/// ```text
///   LeasePool  --- lease ---> slab, ring, window cache  --- block, page, window ---> buffer, callback
///       ^                        |            ^                                         |
///       +------- release --------+            +---------------- release ---------------+
/// ```
///
/// A holder keeps two words, the releaser and the handle, and need not know what either is made of.
///
/// **Ownership.** Whoever has the handle releases it, exactly once; handing the two words over hands over the duty.
///
/// **Threads.** Any thread may release, unless the handle says otherwise.
@FunctionalInterface
public interface Releaser {

    /// Takes a thing back. Does not block for long.
    ///
    /// @param handle what it was handed out as
    /// @throws IllegalStateException if the handle is stale: it was released before, or serves another holder now
    void release(long handle);
}
