package io.leasehold.slab;

import io.leasehold.holder.Tag;
import io.leasehold.memory.OptionChecks;
import org.jspecify.annotations.Nullable;

/// Options of a [SlabHeap]. Start from [#defaults()] and change the values that differ.
///
/// @param name name of the heap, for messages and statistics
/// @param threadCacheByteSize maximum bytes of free blocks that one thread caches; 0 for no cache
/// @param idleByteSize upper limit in bytes for empty slabs that are retained for the next burst, over all size
///     classes. The effective limit is usually lower: slabs that were in use together during the last two ticks of the
///     decay are retained, and otherwise a part of what the heap holds. Heaps on byte arrays or on locked pages use all
///     of it. In any case each size class retains one empty slab of up to 16 pages, and all larger size classes
///     together retain one. A lower value saves memory, a higher one saves time
/// @param tag tag under which the blocks count in `io.leasehold.observe`, at most 100 characters; null for the
///     tag of the opening thread, or else the name
/// @param keepsAlignment true if the address of a block is a multiple of the largest power of two, up to the page size,
///     of which its size class is a multiple. Then fewer larger classes can serve a request whose own class has no free
///     block
/// @param allocatorType class that the events of slabs in the flight recorder show as their allocator
public record SlabHeapOptions(
        String name,
        int threadCacheByteSize,
        long idleByteSize,
        @Nullable String tag,
        boolean keepsAlignment,
        Class<?> allocatorType) {

    private static final SlabHeapOptions DEFAULTS =
            new SlabHeapOptions("blocks", 256 << 10, 16 << 20, null, false, SlabHeap.class);

    private static final int MAX_THREAD_CACHE_BYTES = 64 << 20;

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of bounds, or the name or the tag is blank
    public SlabHeapOptions {
        OptionChecks.name(name);
        OptionChecks.range("threadCacheByteSize", threadCacheByteSize, 0, MAX_THREAD_CACHE_BYTES);
        OptionChecks.atLeast("idleByteSize", idleByteSize, 0);
        Tag.check(tag);
    }

    /// {@return options with a cache of 256 KiB for each thread, and up to 16 MiB of retained empty slabs}
    public static SlabHeapOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName new value of `name`
    public SlabHeapOptions withName(String newName) {
        return new SlabHeapOptions(newName, threadCacheByteSize, idleByteSize, tag, keepsAlignment, allocatorType);
    }

    /// {@return these options with another limit for the cache of a thread}
    ///
    /// @param newThreadCacheByteSize new value of `threadCacheByteSize`, in bytes
    public SlabHeapOptions withThreadCacheByteSize(int newThreadCacheByteSize) {
        return new SlabHeapOptions(name, newThreadCacheByteSize, idleByteSize, tag, keepsAlignment, allocatorType);
    }

    /// {@return these options with another limit for retained empty slabs}
    ///
    /// @param newIdleByteSize new value of `idleByteSize`, in bytes
    public SlabHeapOptions withIdleByteSize(long newIdleByteSize) {
        return new SlabHeapOptions(name, threadCacheByteSize, newIdleByteSize, tag, keepsAlignment, allocatorType);
    }

    /// {@return these options with another tag}
    ///
    /// @param newTag new value of `tag`
    public SlabHeapOptions withTag(@Nullable String newTag) {
        return new SlabHeapOptions(name, threadCacheByteSize, idleByteSize, newTag, keepsAlignment, allocatorType);
    }
}
