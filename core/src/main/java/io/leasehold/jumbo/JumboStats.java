package io.leasehold.jumbo;

/// What a pool has at one moment, and what it has done since it was opened.
///
/// Exact while no other thread uses the pool; otherwise each number was true at some time during the call. The sums of
/// [Pages] always add up.
///
/// @param name the name of the pool
/// @param pages the pages by what they are now
/// @param bytes the memory that they cost now
/// @param slabs the slabs by which the pool grew and shrank
/// @param traffic the pages by what became of them
public record JumboStats(String name, Pages pages, Bytes bytes, Slabs slabs, Traffic traffic) {

    /// Pages by what they are now.
    ///
    /// @param inPool number of pages that are free, leased, armed or held, which is what the bound is about
    /// @param free number of pages in the slab pool, or cached in a shard
    /// @param leased number of pages with a holder, flipped ones included whose message is not freed yet
    /// @param armed number of pages that the kernel may write to
    /// @param deferredFree number of pages that were freed while they were held, and still are
    /// @param stolen number of pages with an owner outside of the pool
    /// @param inactive number of pages in a slab of the pool that are not in service, since the bound is reached
    /// @param peak the most pages that were ever allocated or in a shard at once: never less than were allocated
    public record Pages(
            int inPool, int free, int leased, int armed, int deferredFree, int stolen, int inactive, int peak) {

        /// {@return the number of pages that are neither free nor stolen}
        public int out() {
            return leased + armed + deferredFree;
        }
    }

    /// The memory that pages cost.
    ///
    /// @param live bytes of pages that are in use or stolen
    /// @param pinned bytes of the slabs with a page that is not in the slab pool, so that they cannot be given back
    /// @param taken bytes of all slabs
    public record Bytes(long live, long pinned, long taken) {}

    /// The slabs by which the pool grew and shrank.
    ///
    /// @param grows number of slabs that were added
    /// @param shrinks number of slabs that were given back
    /// @param removedPages number of pages that went with them
    /// @param refusals number of slabs that were wanted and that the arena did not have
    public record Slabs(long grows, long shrinks, long removedPages, long refusals) {}

    /// The pages by what became of them.
    ///
    /// @param fallbacks number of allocations that found no page
    /// @param freedReturned number of pages that were freed
    /// @param freedFlipped number of messages that were freed and whose page had become a consumer's
    /// @param flips number of pages that were handed to a consumer
    /// @param copies number of pages that were copied because they could not be handed over
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
