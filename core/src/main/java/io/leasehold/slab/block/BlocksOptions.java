package io.leasehold.slab.block;

import io.leasehold.slab.SlabHeapOptions;
import org.jspecify.annotations.Nullable;

/// Options of [Blocks]. Start from [#defaults()] and change the values that differ.
///
/// @param name name of the heap, for messages and statistics
/// @param threadCacheByteSize maximum bytes of free blocks that one thread caches; 0 for no cache
/// @param idleByteSize upper limit in bytes for empty slabs that are retained for the next burst, over all size
///     classes. The effective limit is usually lower: slabs that were in use together during the last two ticks of the
///     decay are retained, and otherwise a part of what the heap holds. Arenas with locked pages use all of it. In any
///     case each size class retains one empty slab of up to 16 pages, and all larger size classes together retain one.
///     A lower value saves memory, a higher one saves time
/// @param tag tag under which the blocks count in `io.leasehold.observe`, at most 100 characters; null for the tag
///     of the opening thread, or else the name
public record BlocksOptions(
        String name,
        int threadCacheByteSize,
        long idleByteSize,
        @Nullable String tag) {

    private static final BlocksOptions DEFAULTS = new BlocksOptions("blocks", 256 << 10, 2 << 20, null);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of bounds, or the name or the tag is blank
    public BlocksOptions {
        checked(name, threadCacheByteSize, idleByteSize, tag);
    }

    /// {@return options with a cache of 256 KiB for each thread, and up to 2 MiB of retained empty slabs}
    public static BlocksOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName new value of `name`
    public BlocksOptions withName(String newName) {
        return new BlocksOptions(newName, threadCacheByteSize, idleByteSize, tag);
    }

    /// {@return these options with another limit for the cache of a thread}
    ///
    /// @param newThreadCacheByteSize new value of `threadCacheByteSize`, in bytes
    public BlocksOptions withThreadCacheByteSize(int newThreadCacheByteSize) {
        return new BlocksOptions(name, newThreadCacheByteSize, idleByteSize, tag);
    }

    /// {@return these options with another limit for retained empty slabs}
    ///
    /// @param newIdleByteSize new value of `idleByteSize`, in bytes
    public BlocksOptions withIdleByteSize(long newIdleByteSize) {
        return new BlocksOptions(name, threadCacheByteSize, newIdleByteSize, tag);
    }

    /// {@return these options with another tag}
    ///
    /// @param newTag new value of `tag`
    public BlocksOptions withTag(@Nullable String newTag) {
        return new BlocksOptions(name, threadCacheByteSize, idleByteSize, newTag);
    }

    SlabHeapOptions toHeapOptions() {
        return checked(name, threadCacheByteSize, idleByteSize, tag);
    }

    private static SlabHeapOptions checked(
            String name, int threadCacheByteSize, long idleByteSize, @Nullable String tag) {
        return new SlabHeapOptions(name, threadCacheByteSize, idleByteSize, tag, true, Blocks.class);
    }
}
