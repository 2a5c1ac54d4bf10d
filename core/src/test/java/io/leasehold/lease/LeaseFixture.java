package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.util.ArrayList;
import java.util.List;

/// A small arena with wired pages, and a pool of leases on them.
///
/// **Ownership.** Closing it closes the pool and the arena, both strictly: a test that leaves a lease open fails.
///
/// **Threads.** The pool is thread-safe; the pages are wired by one thread.
final class LeaseFixture implements AutoCloseable {

    static final int PAGES = 256;

    private static final long MAPPINGS = 4096;

    private final MappingBudget mappings = new MappingBudget(MAPPINGS);
    private final Reservations reservations;
    private final PageArena arena;
    private final LeasePool pool;
    private final List<Long> pages = new ArrayList<>();

    LeaseFixture(VirtualMemory memory, boolean memoryFile, LeasePoolOptions options) {
        this.reservations = new Reservations(memory, mappings);
        this.arena = openArena(reservations, memoryFile);
        this.pool = LeasePool.open(arena, options);
    }

    /// {@return an arena that never gives memory back by itself, to be closed by the caller}
    static PageArena openArena(Reservations reservations, boolean memoryFile) {
        long pageBytes = Math.max(4096, reservations.memory().pageSize());
        PageArenaOptions options = PageArenaOptions.builder()
                .name("arena")
                .pageByteSize(pageBytes)
                .byteSize(PAGES * pageBytes)
                .memoryFile(memoryFile)
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of("test", 1 << 30))
                .build();
        return PageArenas.open(options, reservations);
    }

    LeasePool pool() {
        return pool;
    }

    PageArena arena() {
        return arena;
    }

    Reservations reservations() {
        return reservations;
    }

    MappingBudget mappings() {
        return mappings;
    }

    long pageBytes() {
        return arena.options().pageByteSize();
    }

    /// {@return a new page, wired once, that begins with [#mark(long)]}
    long wiredPage() {
        return wiredRun(1);
    }

    /// {@return new pages, each wired once}
    long[] wiredPages(int count) {
        long[] wired = new long[count];
        for (int i = 0; i < count; i++) {
            wired[i] = wiredPage();
        }
        return wired;
    }

    /// {@return a new run of pages, wired once; each page of it begins with [#mark(long)] plus its number}
    long wiredRun(int count) {
        long page = arena.allocateRun(count);
        arena.frames().wire(page);
        pages.add(page);
        for (int i = 0; i < count; i++) {
            OffHeap.putLong(direct(page) + i * pageBytes(), mark(page) + i);
        }
        return page;
    }

    /// Unwires and frees a page before the fixture is closed.
    void free(long page) {
        pages.remove(page);
        arena.frames().unwire(page);
        arena.free(page);
    }

    /// {@return what a page begins with, which no other page does}
    static long mark(long page) {
        return page * 0x9E37_79B9_7F4A_7C15L;
    }

    /// {@return the address of a page in its arena}
    long direct(long page) {
        return arena.frames().address(page);
    }

    /// Ends all leases first, for tests that leave some behind on purpose.
    void closeForcibly() {
        pool.closeForcibly();
        close();
    }

    /// Closes the arena with all that is in it, under the pool.
    void closeArenaForcibly() {
        pages.clear();
        arena.closeForcibly();
    }

    @Override
    public void close() {
        pool.close();
        assertThat(pool.stats().leases()).isZero();
        for (long page : List.copyOf(pages)) {
            free(page);
        }
        arena.close();
        reservations.releaseRetained();
    }
}
