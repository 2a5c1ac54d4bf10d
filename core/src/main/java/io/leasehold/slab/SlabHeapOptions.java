package io.leasehold.slab;

import io.leasehold.memory.OptionChecks;

/// What a heap of blocks is opened with; start from [#defaults()] and change what differs.
///
/// @param name for messages and statistics
/// @param threadCacheByteSize how many bytes of free blocks one thread keeps for itself at most; 0 for none
/// @param idleByteSize how many bytes the slabs may have at most, all sizes together, that have no lent block and wait
///     for the next burst: a quarter of it, and more as the heap holds more; on the Java heap all of it. Each size
///     keeps one such slab of up to 64 KiB in any case, and all larger ones together one. Less saves memory, more saves
///     time
public record SlabHeapOptions(String name, int threadCacheByteSize, long idleByteSize) {

    private static final SlabHeapOptions DEFAULTS = new SlabHeapOptions("blocks", 256 << 10, 2 << 20);

    private static final int MAX_THREAD_CACHE_BYTES = 64 << 20;

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if one is out of its bounds, or the name is blank
    public SlabHeapOptions {
        OptionChecks.name(name);
        OptionChecks.range("threadCacheByteSize", threadCacheByteSize, 0, MAX_THREAD_CACHE_BYTES);
        OptionChecks.atLeast("idleByteSize", idleByteSize, 0);
    }

    /// {@return a cache of 256 KiB a thread, and up to 2 MiB of idle slabs}
    public static SlabHeapOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName the value to use instead
    public SlabHeapOptions withName(String newName) {
        return new SlabHeapOptions(newName, threadCacheByteSize, idleByteSize);
    }

    /// {@return these options with another bound on the cache of a thread}
    ///
    /// @param newThreadCacheByteSize the value to use instead
    public SlabHeapOptions withThreadCacheByteSize(int newThreadCacheByteSize) {
        return new SlabHeapOptions(name, newThreadCacheByteSize, idleByteSize);
    }

    /// {@return these options with another bound on idle slabs}
    ///
    /// @param newIdleByteSize the value to use instead
    public SlabHeapOptions withIdleByteSize(long newIdleByteSize) {
        return new SlabHeapOptions(name, threadCacheByteSize, newIdleByteSize);
    }
}
