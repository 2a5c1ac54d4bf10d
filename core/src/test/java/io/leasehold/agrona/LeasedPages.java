package io.leasehold.agrona;

import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.ArrayList;
import java.util.List;

/// A small arena with wired pages, and a pool of leases on them.
///
/// **Ownership.** Closing it closes the pool and the arena, both strictly: a test that leaves a lease open fails.
///
/// **Threads.** The pool is thread-safe; the pages are wired by one thread.
final class LeasedPages implements AutoCloseable {

    static final int PAGE_BYTES = 4096;

    private static final long ARENA_BYTES = 4 << 20;

    private final PageArena arena;
    private final LeasePool pool;
    private final List<Long> pages = new ArrayList<>();

    private LeasedPages(PageArenaOptions arenaOptions, LeasePoolOptions poolOptions) {
        this.arena = PageArena.open(arenaOptions);
        this.pool = LeasePool.open(arena, poolOptions);
    }

    static LeasedPages directMap() {
        return new LeasedPages(arenaOptions(), LeasePoolOptions.directMap().withName("loans"));
    }

    static LeasedPages windowed(int slots) {
        return new LeasedPages(arenaOptions().toBuilder().memoryFile(true).build(), LeasePoolOptions.windowed(slots));
    }

    private static PageArenaOptions arenaOptions() {
        return PageArenaOptions.builder()
                .byteSize(ARENA_BYTES)
                .pageByteSize(PAGE_BYTES)
                .decay(PageArenaOptions.NO_DECAY)
                .build();
    }

    LeasePool pool() {
        return pool;
    }

    PageArena arena() {
        return arena;
    }

    /// {@return a new run of pages, wired once}
    long wiredRun(int count) {
        long page = arena.allocateRun(count);
        arena.frames().wire(page);
        pages.add(page);
        return page;
    }

    /// Unwires and frees a run before the arena is closed.
    void free(long page) {
        pages.remove(page);
        arena.frames().unwire(page);
        arena.free(page);
    }

    @Override
    public void close() {
        pool.close();
        List.copyOf(pages).forEach(this::free);
        arena.close();
    }
}
