package io.leasehold.jumbo;

/// The state of a page, which says how the page is used and by which handle.
///
/// ```text
///            allocate          arm                      steal
///   FREE ------------> LEASED -----> ARMED    LEASED ---------> STOLEN    the old handle of the stolen page is stale;
///    ^ generation g    |  ^ ^---------'          |                ^ |      the owner uses generation g + 1
///    |                 |  |    receive           | flip           | | adopt: FREE again, generation + 1
///    +-----------------+  |                      v     release    | v
///    |  release: g+1      +------------------ FLIPPED ------------+        FLIPPED: one handle for the message,
///    |                         adopt                                       and one for the page
///    +---- DEFERRED_FREE <--- release while held     FREE <----> INACTIVE  with its slab, or above the limit
///      last unhold
/// ```
public enum JumboState {
    /// The page is free in its slab, or cached in a shard.
    FREE,
    /// The page is allocated. Its holder may read and write it.
    LEASED,
    /// A device or the kernel may write to the page.
    ARMED,
    /// A consumer owns the page; the message that it arrived with is not freed yet.
    FLIPPED,
    /// An owner outside of the pool has the page; the pool uses another page in its place.
    STOLEN,
    /// The page was freed while it was held. The last `unhold` makes it free.
    DEFERRED_FREE,
    /// The page is not in service: its slab is new or leaves, or the pool has as many pages as its limit allows.
    INACTIVE
}
