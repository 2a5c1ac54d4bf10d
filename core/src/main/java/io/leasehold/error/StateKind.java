package io.leasehold.error;

/// The reasons why the state of a page, a lease, a file or a window does not allow a call. The exceptions of all
/// packages use these kinds.
public enum StateKind {

    /// The page, lease or window was freed, closed or handed over, and its place has no other holder that is known. The
    /// free of a page that is held may be deferred.
    FREED,

    /// The page or lease was freed, closed or handed over, and its place has another holder now.
    STALE,

    /// The handle or address belongs to another arena or pool, or to none.
    FOREIGN,

    /// The arena, the pool, the cache or the file is closed.
    CLOSED,

    /// The page is wired, so it cannot be freed or split.
    WIRED,

    /// The page is not wired and was to be unwired or leased, or it is not held and was to be unheld.
    NOT_WIRED,

    /// The page is held, so it cannot be freed, split, armed, stolen or flipped.
    HELD,

    /// The page has the maximum number of wirings or holds.
    TOO_MANY,

    /// The lease is confined to another thread.
    CONFINED,

    /// The page of a pool is leased only: not armed, not held, not stolen.
    LEASED,

    /// A device or the kernel may write to the page.
    ARMED,

    /// The page was flipped to a consumer in this generation.
    FLIPPED,

    /// The page was stolen or flipped, and is not a page of the pool now.
    STOLEN,

    /// The page was freed, and its slab was removed.
    REMOVED,

    /// Windows of the file are outstanding, or the file is open for writing already.
    IN_USE,

    /// The file is not open for writing.
    NOT_WRITABLE
}
