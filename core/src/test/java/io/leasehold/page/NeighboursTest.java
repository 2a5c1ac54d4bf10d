package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Arenas on one budget, without background work: what one of them does not need, another one gets.
class NeighboursTest {

    private static final int PAGES = 2_000;

    private final long pageBytes = Math.max(4096, VirtualMemory.system().pageSize());

    @BeforeEach
    void memoryGoesBack() {
        assumeTrue(VirtualMemory.system().can(Capability.DECOMMIT), "this system cannot decommit memory");
    }

    @Test
    void idlePagesOfOneArenaServeAnotherOne() {
        MemoryBudget budget = MemoryBudget.of("common", PAGES * pageBytes);
        try (PageArena first = open("first", budget);
                PageArena second = open("second", budget)) {
            for (int round = 0; round < 3; round++) {
                fillAndFree(first);
                fillAndFree(second);
            }
        }
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void requestTakesNoMoreThanItNeeds() {
        MemoryBudget budget = MemoryBudget.of("common", PAGES * pageBytes);
        try (PageArena first = open("first", budget);
                PageArena second = open("second", budget)) {
            fillAndFree(first);
            int idle = first.stats().idlePages();
            second.free(second.allocate());
            assertThat(first.stats().idlePages()).isGreaterThan(idle / 2);
        }
    }

    @Test
    void arenaOnAnotherBudgetKeepsItsPages() {
        MemoryBudget budget = MemoryBudget.of("common", PAGES * pageBytes);
        MemoryBudget namesake = MemoryBudget.of("common", PAGES * pageBytes);
        try (PageArena asking = open("asking", budget);
                PageArena stranger = open("stranger", namesake)) {
            fillAndFree(stranger);
            int idle = stranger.stats().idlePages();
            List<Long> pages = new ArrayList<>();
            long page = asking.tryAllocate();
            while (page != PageArena.NO_PAGE) {
                pages.add(page);
                page = asking.tryAllocate();
            }
            assertThat(stranger.stats().idlePages()).isEqualTo(idle);
            pages.forEach(asking::free);
        }
    }

    /// Allocates nearly all pages of the budget: tables take a part of it, and another arena has some pages in caches.
    private static void fillAndFree(PageArena arena) {
        long[] pages = new long[PAGES * 9 / 10];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = arena.allocate();
        }
        for (long page : pages) {
            arena.free(page);
        }
    }

    private PageArena open(String name, MemoryBudget budget) {
        PageArenaOptions options = PageArenaOptions.builder()
                .name(name)
                .pageByteSize(pageBytes)
                .byteSize(PAGES * pageBytes)
                .budget(budget)
                .build();
        return PageArena.open(options, Reservations.system(), 0);
    }
}
