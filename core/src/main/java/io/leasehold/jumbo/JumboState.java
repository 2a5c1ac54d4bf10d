package io.leasehold.jumbo;

/// Who has a page.
///
/// ```text
///            allocate          arm                      steal
///   FREE ------------> LEASED -----> ARMED    LEASED ---------> STOLEN    old handle: dead; new one: the thief's
///    ^ generation g    |  ^ ^---------'          |                ^ |
///    |                 |  |    receive           | flip           | | adopt: FREE again, generation + 1
///    +-----------------+  |                      v     release    | v
///    |  release: g+1      +------------------ FLIPPED ------------+        flipped: one handle for the message,
///    |                         adopt                                       and one for the page
///    +---- DEFERRED_FREE <--- release while held              FREE <----> INACTIVE   with its slab, or over the bound
///      last unhold
/// ```
public enum JumboState {
    /// At home, or in the stock of a shard.
    FREE,
    /// Somebody has it and may read and write it.
    LEASED,
    /// A device or the kernel may write to it.
    ARMED,
    /// A consumer has it for its own; the message it came with is not freed yet.
    FLIPPED,
    /// Whoever has it owns it; the pool has another page in its place.
    STOLEN,
    /// It was freed while others still held it, and waits for them.
    DEFERRED_FREE,
    /// It is not in service.
    INACTIVE
}
