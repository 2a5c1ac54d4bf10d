package io.leasehold.lease;

/// Takes a resource back from its holder: a lease, or a block, page or window that was allocated from a lease.
///
/// ```text
///   LeasePool  --- lease ---> slab, ring, window cache  --- block, page, window ---> buffer, callback
///       ^                        |            ^                                         |
///       +------- release --------+            +---------------- release ---------------+
/// ```
///
/// A holder stores two words, the releaser and the handle. These are all it needs to give the resource back.
///
/// **Ownership.** The holder of the handle releases it exactly once. Handing the two words over hands over this duty.
///
/// **Threads.** Any thread may release, unless the resource is confined to a thread.
@FunctionalInterface
public interface Releaser {

    /// Releases a resource. Does not block for long.
    ///
    /// @param handle handle of the resource
    /// @throws IllegalStateException if the handle is stale, because the resource was released before
    void release(long handle);
}
