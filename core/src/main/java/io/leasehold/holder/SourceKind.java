package io.leasehold.holder;

/// The kinds of objects that memory is allocated from.
public enum SourceKind {
    /// An allocator of buffers.
    ALLOCATOR,
    /// An arena of pages. Its pages include those of the allocators and pools above it.
    ARENA,
    /// A pool of leases. Each lease counts as one page, also one of a longer run. Its arena counts the same pages.
    LEASE_POOL,
    /// A pool of pages for devices.
    PAGE_POOL,
    /// A cache of windows on files. Its mapped windows and extents count in full, in use or not. They need address
    /// space; their memory is the page cache of the kernel, which no budget counts.
    WINDOW_CACHE
}
