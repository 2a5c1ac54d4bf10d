package io.leasehold.lease;

/// The owner of a resource, which takes it back from its holder: a lease, or a block, page or window that was allocated
/// from a lease.
///
/// ```text
///   LeasePool  --- lease ---> slab, pool, window cache  --- block, page, window ---> buffer, callback
///       ^                        |            ^                                         |
///       +--------- free ---------+            +----------------- free -----------------+
/// ```
///
/// A holder stores two words, the owner and the handle. These are all it needs to give the resource back.
///
/// **Ownership.** The holder of the handle frees it exactly once. Handing the two words over hands over this duty.
///
/// **Threads.** Any thread may free a resource, unless the resource is confined to a thread.
@FunctionalInterface
public interface MemoryOwner {

    /// Frees a resource. Does not block for long.
    ///
    /// @param handle handle of the resource
    /// @throws IllegalStateException if the handle is foreign, or stale because the resource was freed before, or if
    ///     the resource is confined to another thread
    void free(long handle);
}
