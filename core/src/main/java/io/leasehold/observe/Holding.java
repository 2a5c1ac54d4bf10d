package io.leasehold.observe;

/// Memory in use: blocks of one size, from one source, with one tag.
///
/// @param kind kind of the object that the memory was allocated from: `allocator`, `arena`, `lease-pool`, `page-pool`
///     or `window-cache`. The pages of an arena include those of the allocators and pools on it, and windows are
///     mappings of files, so bytes of different kinds must not be added
/// @param source name of the object
/// @param tag tag of the thread that allocated, or else the tag of the source
/// @param byteSize bytes of each block
/// @param blocks number of blocks in use
public record Holding(String kind, String source, String tag, long byteSize, long blocks) {

    /// {@return the bytes of all blocks}
    public long bytes() {
        return byteSize * blocks;
    }
}
