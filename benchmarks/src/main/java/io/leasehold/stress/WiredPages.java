package io.leasehold.stress;

import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;

/// A pool of leases and the pages that a test leases from it.
///
/// @param arena of the pages
/// @param pool of the leases
record WiredPages(PageArena arena, LeasePool pool) {

    /// {@return a pool on the direct map}
    static WiredPages onDirectMap() {
        return open(LeasePoolOptions.directMap(), false);
    }

    /// {@return a pool with one window}
    static WiredPages throughOneWindow() {
        return open(LeasePoolOptions.windowed(1), true);
    }

    private static WiredPages open(LeasePoolOptions options, boolean memoryFile) {
        PageArena arena = PageArena.open(PageArenaOptions.builder()
                .name("stress")
                .byteSize(1 << 20)
                .memoryFile(memoryFile)
                .build());
        return new WiredPages(arena, LeasePool.open(arena, options));
    }

    /// {@return a wired page that begins with a number}
    long page(int stamp) {
        long page = arena.allocate();
        arena.frames().wire(page);
        OffHeap.putLong(arena.frames().address(page), stamp);
        return page;
    }
}
