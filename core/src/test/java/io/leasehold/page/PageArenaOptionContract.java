package io.leasehold.page;

import static io.leasehold.memory.ScratchMemory.holds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The effects of the options of an arena, and its statistics, for every kind of memory.
interface PageArenaOptionContract extends PageArenaFixture {

    @Test
    default void zeroOnFreeLeavesNothingForTheNextOwner() {
        try (PageArena arena = open(options(1).toBuilder().zeroOnFree(true).build())) {
            long page = arena.allocate();
            fill(arena, page, 1);
            arena.free(page);
            long next = arena.allocate();
            assertThat(FrameLayout.index(next)).isEqualTo(FrameLayout.index(page));
            assertThat(holds(arena.frames().address(next), pageBytes(), 0)).isTrue();
            arena.free(next);
        }
    }

    @Test
    default void zeroOnFreeZeroesAllOfARunAndNothingElse() {
        try (PageArena arena = open(options().toBuilder().zeroOnFree(true).build())) {
            List<Long> runs = new ArrayList<>();
            for (int pages : new int[] {17, 2, 20}) {
                runs.add(arena.allocateRun(pages));
                fill(arena, runs.getLast(), pages);
            }
            long address = arena.frames().address(runs.get(1));
            arena.free(runs.get(1));
            assertThat(holds(address, 2 * pageBytes(), 0)).isTrue();
            assertThat(holds(arena.frames().address(runs.get(0)), 17 * pageBytes(), 17))
                    .isTrue();
            assertThat(holds(arena.frames().address(runs.get(2)), 20 * pageBytes(), 20))
                    .isTrue();
            assertRefused(StateKind.FREED, () -> arena.free(runs.get(1)));
            arena.free(runs.get(0));
            arena.free(runs.get(2));
            arena.checkInvariants();
        }
    }

    @Test
    default void refusedFreeZeroesNothing() {
        try (PageArena arena = open(options().toBuilder().zeroOnFree(true).build())) {
            long page = arena.allocate();
            fill(arena, page, 1);
            arena.frames().wire(page);
            assertRefused(StateKind.WIRED, () -> arena.free(page));
            assertThat(holds(arena.frames().address(page), pageBytes(), 1)).isTrue();
            arena.frames().unwire(page);
            arena.free(page);
        }
    }

    @Test
    default void pagesAreInMemoryOnceTouchedUnlessPrefaultingTouchedThemBefore() {
        require(Capability.RESIDENCY);
        try (PageArena lazy = open();
                PageArena eager = open(options().toBuilder().prefault(true).build())) {
            assertThat(lazy.residentBytes()).isZero();
            assertThat(eager.residentBytes()).isZero();
            long untouched = lazy.allocateRun(64);
            long prefaulted = eager.allocateRun(64);
            assertThat(lazy.residentBytes()).isZero();
            assertThat(eager.residentBytes()).isGreaterThanOrEqualTo(64 * pageBytes());
            assertThat(holds(eager.frames().address(prefaulted), 64 * pageBytes(), 0))
                    .isTrue();
            fill(lazy, untouched, 1);
            assertThat(lazy.residentBytes()).isEqualTo(64 * pageBytes());
            lazy.free(untouched);
            eager.free(prefaulted);
        }
    }

    @Test
    default void prefaultedPageIsInMemoryAgainAfterItWasGivenBack() {
        require(Capability.RESIDENCY);
        try (PageArena arena = open(options().toBuilder().prefault(true).build())) {
            arena.free(arena.allocateRun(64));
            arena.trim();
            assertThat(arena.residentBytes()).isZero();
            long run = arena.allocateRun(64);
            assertThat(arena.residentBytes()).isEqualTo(64 * pageBytes());
            arena.free(run);
        }
    }

    @Test
    default void residencyIsUnsupportedWithoutSupportOfTheKernel() {
        TestMemory.require(!memory().can(Capability.RESIDENCY), "residency is known here");
        try (PageArena arena = open()) {
            long page = arena.allocate();
            assertThatThrownBy(arena::residentBytes).isInstanceOf(UnsupportedOperationException.class);
            arena.free(page);
        }
    }

    @Test
    default void memoryStaysCommittedWithoutDecommitSupport() {
        TestMemory.require(!memory().can(Capability.DECOMMIT), "memory goes back here");
        try (PageArena arena = open()) {
            arena.free(arena.allocateRun(64));
            long committed = arena.stats().committedBytes();
            assertThat(arena.trim()).isZero();
            assertThat(arena.stats().committedBytes()).isEqualTo(committed);
            assertThat(arena.stats().idlePages()).isEqualTo(64);
            arena.checkInvariants();
        }
    }

    @Test
    default void wiredPagesAreLockedFromTheFirstWiringToTheLast() {
        requireLocking();
        long before = lockedBytes();
        try (PageArena arena = open(options().toBuilder().lockWired(true).build())) {
            long mappings = reservations().mappings().used();
            long run = arena.allocateRun(5);
            arena.frames().wire(run);
            assertThat(lockedBytes() - before).isEqualTo(5 * pageBytes());
            arena.frames().wire(run);
            assertThat(lockedBytes() - before).isEqualTo(5 * pageBytes());
            assertThat(reservations().mappings().used()).isEqualTo(mappings + 2);
            arena.frames().unwire(run);
            assertThat(lockedBytes() - before).isEqualTo(5 * pageBytes());
            assertThat(arena.frames().wireCount(run)).isEqualTo(1);
            arena.frames().unwire(run);
            assertThat(lockedBytes() - before).isZero();
            assertThat(reservations().mappings().used()).isEqualTo(mappings);
            assertRefused(StateKind.NOT_WIRED, () -> arena.frames().unwire(run));
            arena.free(run);
        }
    }

    @Test
    default void lockedRunIsNeitherGrownNorSplitNorFreed() {
        requireLocking();
        try (PageArena arena = open(options().toBuilder().lockWired(true).build())) {
            long run = arena.allocateRun(5);
            arena.frames().wire(run);
            assertRefused(StateKind.WIRED, () -> arena.tryGrow(run, 1)).contains("cannot grow, page is wired");
            assertRefused(StateKind.WIRED, () -> arena.split(run, 1));
            assertRefused(StateKind.WIRED, () -> arena.free(run));
            arena.frames().unwire(run);
            assertThat(arena.tryGrow(run, 1)).isTrue();
            arena.free(run);
        }
    }

    @Test
    default void lockedPageStaysInMemoryWhenTheRestIsGivenBack() {
        requireLocking();
        try (PageArena arena = open(options().toBuilder().lockWired(true).build())) {
            long wired = arena.allocateRun(3);
            long free = arena.allocateRun(64);
            arena.frames().wire(wired);
            fill(arena, free, 1);
            arena.free(free);
            assertThat(arena.trim()).isGreaterThanOrEqualTo(64 * pageBytes());
            assertThat(arena.residentBytes()).isEqualTo(3 * pageBytes());
            arena.frames().unwire(wired);
            arena.free(wired);
        }
    }

    @Test
    default void wiredRunMayGrowWhereWiredPagesAreNotLocked() {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(5);
            arena.frames().wire(run);
            assertThat(arena.tryGrow(run, 1)).isTrue();
            assertThat(arena.frames().wireCount(run)).isEqualTo(1);
            arena.frames().unwire(run);
            arena.free(run);
        }
    }

    @Test
    default void hugeFramesAreDecommittedOnlyAsAWhole() {
        require(Capability.DECOMMIT);
        long frame = memory().hugePageSize();
        TestMemory.require(frame == 2 << 20 && pageBytes() == 4096, "huge pages are not 512 pages of 4 KiB here");
        try (PageArena arena = open(options(2048).toBuilder().hugePages(true).build())) {
            long first = arena.tryAllocateRun(512, frame);
            long half = arena.tryAllocateRun(256, frame);
            long otherHalf = arena.allocateRun(256);
            assertThat(arena.frames().address(first) % frame).isZero();
            arena.free(half);
            assertThat(arena.trim()).as("the other half is in use").isZero();
            assertThat(arena.stats().idlePages()).isEqualTo(256);
            arena.free(otherHalf);
            assertThat(arena.trim()).isEqualTo(frame);
            arena.free(first);
            assertThat(arena.trim()).isEqualTo(frame);
            arena.checkInvariants();
        }
    }

    @Test
    default void optionsAreThoseAskedForWithTheSizesThatWereChosen() {
        MemoryBudget budget = MemoryBudget.of("test", 100 * pageBytes() + 1);
        PageArenaOptions asked =
                options().toBuilder().pageByteSize(0).byteSize(0).budget(budget).build();
        try (PageArena arena = open(asked)) {
            assertThat(arena.options())
                    .isEqualTo(asked.toBuilder()
                            .pageByteSize(pageBytes())
                            .byteSize(100 * pageBytes())
                            .build());
            assertThat(arena.stats().reservedPages()).isEqualTo(100);
        }
    }

    @Test
    default void numbersAddUp() {
        try (PageArena arena = open()) {
            PageArenaStats none = arena.stats();
            assertThat(none.pageByteSize()).isEqualTo(pageBytes());
            assertThat(none.reservedPages()).isEqualTo(PAGES);
            assertThat(none.freePages()).isEqualTo(PAGES);
            assertThat(none.committedBytes()).isZero();
            assertThat(none.accessiblePages()).isZero();
            long run = arena.allocateRun(100);
            long idle = arena.allocateRun(30);
            long page = arena.allocate();
            arena.frames().wire(run);
            arena.frames().hold(page);
            arena.free(idle);
            PageArenaStats some = arena.stats();
            assertThat(some.livePages()).isEqualTo(101);
            assertThat(some.freePages()).isEqualTo(PAGES - 101);
            assertThat(some.wiredPages()).isEqualTo(100);
            assertThat(some.heldPages()).isEqualTo(1);
            assertThat(some.cachedPages()).isEqualTo(8); // half a magazine was filled together with the single page
            assertThat(some.idlePages()).isEqualTo(30);
            assertThat(some.transitPages()).isZero();
            assertThat(some.peakUsedPages()).isEqualTo(139);
            assertThat(some.accessiblePages()).isEqualTo(PAGES);
            long tables = PAGES * ArenaSpace.TABLE_BYTES_PER_PAGE;
            assertThat(some.tableBytes()).isEqualTo(tables);
            assertThat(some.committedBytes()).isEqualTo(139 * pageBytes() + tables);
            assertThat(arena.budget().usedBytes()).isEqualTo(some.committedBytes());
            assertThat(some.allocations()).isEqualTo(3);
            assertThat(some.frees()).isEqualTo(1);
            assertThat(some.waits()).isZero();
            assertThat(some.kernelRefusals()).isZero();
            assertThat(some.budgetRefusals()).isZero();
            arena.frames().unwire(run);
            arena.frames().unhold(page);
            arena.free(run);
            arena.free(page);
            assertThat(arena.stats().livePages()).isZero();
            assertThat(arena.stats().cachedPages()).isEqualTo(9);
            arena.trim();
            assertThat(arena.stats().reclaims()).isEqualTo(1);
            assertThat(arena.stats().reclaimFailures()).isZero();
            assertThat(arena.stats().cachedPages()).isZero();
        }
    }

    private void requireLocking() {
        require(Capability.LOCK);
        TestMemory.require(canLock(), "this process may not lock memory (ulimit -l)");
    }

    private boolean canLock() {
        long address = memory().reserve(16 * memory().pageSize(), memory().pageSize());
        try {
            memory().commit(address, 16 * memory().pageSize());
            memory().lock(address, 16 * memory().pageSize());
            return true;
        } catch (SystemCallException e) {
            return false;
        } finally {
            memory().release(address, 16 * memory().pageSize());
        }
    }

    private static long lockedBytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmLck:")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
                }
            }
            throw new AssertionError("there is no VmLck in /proc/self/status");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
