package io.leasehold.jumbo;

/// A snapshot of the pages and the memory of a pool, and its counters since it was opened.
///
/// Exact while no other thread uses the pool. Otherwise a number may be wrong by the changes that other threads make
/// during the call. The numbers of [Pages] always add up.
///
/// @param name name of the pool
/// @param pages numbers of pages by state
/// @param bytes memory of the pages
/// @param slabs numbers of slabs that were added and given back
/// @param traffic numbers of operations on pages
public record JumboStats(String name, Pages pages, Bytes bytes, Slabs slabs, Traffic traffic) {

    /// Numbers of pages by state.
    ///
    /// @param inPool number of pages that are free, leased, armed or deferred; `maxPages` limits this number
    /// @param free number of pages that are free in their slab, or cached in a shard
    /// @param leased number of pages with a holder, including flipped pages whose message is not freed yet
    /// @param armed number of pages that a device or the kernel may write to
    /// @param deferredFree number of pages that were freed while they were held, and are still held
    /// @param stolen number of pages with an owner outside of the pool
    /// @param inactive number of pages in slabs of the pool that are not in service, because the limit is reached
    /// @param peak highest number of pages that were outstanding or cached in shards at once; at least the highest
    ///     number of outstanding pages
    public record Pages(
            int inPool, int free, int leased, int armed, int deferredFree, int stolen, int inactive, int peak) {

        /// {@return the number of outstanding pages: neither free nor stolen}
        public int outstanding() {
            return leased + armed + deferredFree;
        }
    }

    /// Memory of the pages.
    ///
    /// @param live bytes of pages that are outstanding or stolen
    /// @param pinned bytes of slabs that cannot be given back, because a page is not free in its slab
    /// @param taken bytes of all slabs, and of a run that the kernel did not unlock when its slab could not be made
    public record Bytes(long live, long pinned, long taken) {}

    /// Numbers of slabs that were added and given back.
    ///
    /// @param grows number of slabs that were added
    /// @param shrinks number of slabs that were given back
    /// @param removedPages number of pages that have gone with slabs
    /// @param refusals number of requests for a slab that failed, also those that shared the failure of another thread
    public record Slabs(long grows, long shrinks, long removedPages, long refusals) {}

    /// Numbers of operations on pages.
    ///
    /// @param fallbacks number of allocations that found no page
    /// @param freedReturned number of pages that were freed
    /// @param freedFlipped number of messages that were freed after their page was flipped
    /// @param flips number of pages that were flipped to a consumer
    /// @param copies number of payloads that were copied because the page could not be flipped
    /// @param steals number of pages that were stolen
    /// @param adoptions number of pages that their owners gave back
    public record Traffic(
            long fallbacks,
            long freedReturned,
            long freedFlipped,
            long flips,
            long copies,
            long steals,
            long adoptions) {}
}
