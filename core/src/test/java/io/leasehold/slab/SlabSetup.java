package io.leasehold.slab;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArenaOptions;
import java.time.Duration;

/// The arena and the heap under test.
///
/// @param pageByteSize bytes of a page of the arena
/// @param memoryFile true if the pages of the arena are in a memory file
/// @param onJavaHeap true if blocks are in byte arrays, and the arena only drives the decay
/// @param threadCacheByteSize maximum bytes that a thread caches
/// @param lockWired true if the pages of slabs are locked in memory
record SlabSetup(int pageByteSize, boolean memoryFile, boolean onJavaHeap, int threadCacheByteSize, boolean lockWired) {

    static final int DEFAULT_CACHE = 128 << 10;

    /// Decay of the arena, by the clock of the test.
    static final Duration DECAY = Duration.ofSeconds(8);

    static SlabSetup pages(int pageByteSize) {
        return new SlabSetup(pageByteSize, false, false, DEFAULT_CACHE, false);
    }

    SlabSetup withMemoryFile() {
        return new SlabSetup(pageByteSize, true, onJavaHeap, threadCacheByteSize, lockWired);
    }

    SlabSetup withThreadCache(int byteSize) {
        return new SlabSetup(pageByteSize, memoryFile, onJavaHeap, byteSize, lockWired);
    }

    SlabSetup inArrays() {
        return new SlabSetup(pageByteSize, memoryFile, true, threadCacheByteSize, lockWired);
    }

    SlabSetup withLockedPages() {
        return new SlabSetup(pageByteSize, memoryFile, onJavaHeap, threadCacheByteSize, true);
    }

    PageArenaOptions arena(long byteSize, MemoryBudget budget) {
        return PageArenaOptions.builder()
                .name("arena")
                .pageByteSize(Math.max(pageByteSize, VirtualMemory.system().pageSize()))
                .byteSize(byteSize)
                .memoryFile(memoryFile)
                .lockWired(lockWired)
                .decay(DECAY)
                .budget(budget)
                .build();
    }

    SlabHeapOptions heap() {
        return SlabHeapOptions.defaults()
                .withName("heap")
                .withThreadCacheByteSize(threadCacheByteSize)
                .withIdleByteSize(Long.MAX_VALUE);
    }
}
