package io.leasehold.slab;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArenaOptions;
import java.time.Duration;

/// What a heap under test is made of.
///
/// @param pageByteSize of the arena
/// @param memoryFile whether the arena's pages lie in one
/// @param onJavaHeap whether blocks are byte arrays, and the arena is but their clock
/// @param threadCacheByteSize what a thread keeps
record SlabSetup(int pageByteSize, boolean memoryFile, boolean onJavaHeap, int threadCacheByteSize) {

    static final int DEFAULT_CACHE = 128 << 10;

    /// By the tests' own clock.
    static final Duration DECAY = Duration.ofSeconds(8);

    static SlabSetup pages(int pageByteSize) {
        return new SlabSetup(pageByteSize, false, false, DEFAULT_CACHE);
    }

    SlabSetup withMemoryFile() {
        return new SlabSetup(pageByteSize, true, onJavaHeap, threadCacheByteSize);
    }

    SlabSetup withThreadCache(int byteSize) {
        return new SlabSetup(pageByteSize, memoryFile, onJavaHeap, byteSize);
    }

    SlabSetup inArrays() {
        return new SlabSetup(pageByteSize, memoryFile, true, threadCacheByteSize);
    }

    PageArenaOptions arena(long byteSize, MemoryBudget budget) {
        return PageArenaOptions.defaults()
                .withName("arena")
                .withPageByteSize(Math.max(pageByteSize, VirtualMemory.system().pageSize()))
                .withByteSize(byteSize)
                .withMemoryFile(memoryFile)
                .withDecay(DECAY)
                .withBudget(budget);
    }

    SlabHeapOptions heap() {
        return SlabHeapOptions.defaults()
                .withName("heap")
                .withThreadCacheByteSize(threadCacheByteSize)
                .withIdleByteSize(Long.MAX_VALUE);
    }
}
