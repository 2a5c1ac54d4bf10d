package io.leasehold.page;

import static io.leasehold.memory.ScratchMemory.holds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.PageOwner;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Closing an arena, and the state afterwards, for every kind of memory.
interface PageArenaCloseContract extends PageArenaFixture {

    @Test
    default void closeWithLivePagesIsRejectedNamesThemAndChangesNothing() {
        PageArena arena = open();
        PageOwner ring = arena.frames().register("ring");
        long run = arena.allocateRun(20);
        arena.frames().own(run, ring, 17);
        fill(arena, run, 1);
        assertThatThrownBy(arena::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "arena has live pages, free them first: arena=" + name() + ", live=20, listed=1: index=")
                .hasMessageContaining("pages=20, wires=0, holds=0, owner=ring[17]");
        assertThat(holds(arena.frames().address(run), 20 * pageBytes(), 1)).isTrue();
        long more = arena.allocate();
        arena.checkInvariants();
        arena.free(more);
        arena.free(run);
        arena.close();
    }

    @Test
    default void closingNamesNoMoreThanEightLiveAllocations() {
        PageArena arena = open();
        List<Long> pages = allocate(arena, 20);
        assertThatThrownBy(arena::close)
                .hasMessageContaining("live=20, listed=8: index=")
                .message()
                .satisfies(message -> assertThat(message.split("index=", -1)).hasSize(9));
        pages.forEach(arena::free);
        arena.close();
    }

    @Test
    default void closingTwiceHasNoEffect() {
        MemoryBudget budget = MemoryBudget.of("test", 1 << 30);
        PageArena arena = open(options().toBuilder().budget(budget).build());
        arena.free(arena.allocate());
        arena.close();
        int retained = reservations().retainedCount();
        arena.close();
        assertThat(arena.closeForcibly()).isZero();
        assertThat(reservations().retainedCount()).isEqualTo(retained);
        assertThat(budget.report()).isEqualTo("test 0 of 1,073,741,824 B");
    }

    @Test
    default void everyCallOnAClosedArenaFails() {
        PageArena arena = open();
        long page = arena.allocate();
        long address = arena.frames().address(page);
        arena.free(page);
        arena.close();
        for (ThrowingCallable call : calls(arena, page, address)) {
            assertRefused(StateKind.CLOSED, call).isEqualTo("arena is closed: arena=" + name());
        }
        assertThat(arena.frames().isLive(page)).isFalse();
    }

    @Test
    default void everyCallOnAForciblyClosedArenaFails() {
        PageArena arena = open();
        long page = arena.allocate();
        arena.frames().wire(page);
        arena.frames().hold(page);
        long address = arena.frames().address(page);
        assertThat(arena.closeForcibly()).isEqualTo(1);
        for (ThrowingCallable call : calls(arena, page, address)) {
            assertRefused(StateKind.CLOSED, call).isEqualTo("arena is closed: arena=" + name());
        }
        assertThat(arena.frames().isLive(page)).isFalse();
    }

    @Test
    default void closedArenaTouchesNothingOfTheNextOneInItsPlace() {
        PageArena first = open();
        long page = first.allocate();
        first.free(page);
        first.close();
        try (PageArena second = open()) {
            List<Long> pages = allocate(second, 40);
            second.free(pages.removeLast());
            int cached = second.stats().cachedPages();
            for (ThrowingCallable call : calls(first, page, second.frames().address(pages.getFirst()))) {
                assertRefused(StateKind.CLOSED, call);
            }
            for (ThrowingCallable call : calls(first, PageArena.NO_PAGE, 0)) {
                assertRefused(StateKind.CLOSED, call);
            }
            assertThat(first.frames().isLive(PageArena.NO_PAGE)).isFalse();
            assertThat(second.stats().cachedPages()).isEqualTo(cached);
            assertThat(second.stats().livePages()).isEqualTo(pages.size());
            second.checkInvariants();
            pages.forEach(second::free);
        }
    }

    @Test
    default void closedArenaIsRetainedAndTheNextOneReusesItsAddressesAndReadsZero() {
        require(Capability.DECOMMIT);
        PageArena first = open();
        List<Long> pages = allocate(first, PAGES);
        pages.forEach(page -> fill(first, page, 1));
        long address = pages.stream().mapToLong(first.frames()::address).min().orElseThrow();
        pages.forEach(first::free);
        first.close();
        assertThat(reservations().retainedCount()).isEqualTo(2);
        long mappings = reservations().mappings().used();
        try (PageArena second = open()) {
            long all = second.allocateRun(PAGES);
            assertThat(second.frames().address(all)).isEqualTo(address);
            assertThat(holds(address, PAGES * pageBytes(), 0)).isTrue();
            assertThat(reservations().retainedCount()).isZero();
            assertThat(reservations().mappings().used()).isEqualTo(mappings);
            second.checkInvariants();
            second.free(all);
        }
    }

    @Test
    default void forciblyClosedArenaGivesItsMemoryBackAndReturnsTheNumberOfLivePages() {
        MemoryBudget budget = MemoryBudget.of("test", 1 << 30);
        PageArena arena = open(options().toBuilder().budget(budget).build());
        long run = arena.allocateRun(100);
        fill(arena, run, 1);
        allocate(arena, 5);
        assertThat(arena.closeForcibly()).isEqualTo(105);
        assertThat(arena.closeForcibly()).isZero();
        assertThat(budget.report()).isEqualTo("test 0 of 1,073,741,824 B");
    }

    @Test
    default void stalePointerIntoAForciblyClosedArenaReadsZeroAndHarmsNoLaterOwner() {
        PageArena first = open();
        long run = first.allocateRun(100);
        fill(first, run, 1);
        long address = first.frames().address(run);
        first.closeForcibly();
        assertThat(reservations().retainedCount()).isZero();
        assertThat(holds(address, 100 * pageBytes(), 0)).isTrue();
        try (PageArena second = open()) {
            long all = second.allocateRun(PAGES);
            assertThat(Math.abs(second.frames().address(all) - address)).isGreaterThanOrEqualTo(100 * pageBytes());
            fill(second, all, 2);
            OffHeap.fill(address, 100 * pageBytes(), (byte) 3);
            assertThat(holds(second.frames().address(all), PAGES * pageBytes(), 2))
                    .isTrue();
            second.checkInvariants();
            second.free(all);
        }
    }

    @Test
    default void forciblyClosedArenaWithoutLivePagesIsRetained() {
        require(Capability.DECOMMIT);
        PageArena arena = open();
        arena.free(arena.allocate());
        assertThat(arena.closeForcibly()).isZero();
        assertThat(reservations().retainedCount()).isEqualTo(2);
    }

    @Test
    default void pagesInMagazinesAreNotLive() throws InterruptedException {
        PageArena arena = open();
        Thread.ofPlatform()
                .start(() -> allocate(arena, 10).forEach(arena::free))
                .join();
        allocate(arena, 10).forEach(arena::free);
        assertThat(arena.stats().cachedPages()).isPositive();
        arena.close();
    }

    @Test
    default void closeWhileAThreadIsInAMagazineSucceedsAndKeepsTheAddressSpace() {
        MemoryBudget budget = MemoryBudget.of("test", 1 << 30);
        PageArena arena = open(options().toBuilder().budget(budget).build());
        arena.free(arena.allocate());
        int[] cells = enterMagazine(arena);
        int retained = reservations().retainedCount();
        arena.close();
        assertThat(reservations().retainedCount())
                .as("regions for the next owner, though a thread may still write to them")
                .isEqualTo(retained);
        assertThat(budget.report()).isEqualTo("test 0 of 1,073,741,824 B");
        BiasedSlots.exit(cells);
        arena.close();
        assertThat(reservations().retainedCount())
                .as("regions retained by a close that has no effect")
                .isEqualTo(retained);
    }

    /// A thread that is preempted on the fast path pops a page and claims its frame after the arena was closed.
    @Test
    default void threadThatLeavesItsMagazineAfterTheCloseDisturbsNoSuccessor() {
        PageArena first = open();
        first.free(first.allocate());
        int[] cells = enterMagazine(first);
        first.close();
        try (PageArena second = open()) {
            List<Long> pages = allocate(second, 40);
            int depth = Magazines.depth(cells, 0);
            first.frames().claim(Magazines.top(cells, 0, depth));
            Magazines.pop(cells, 0, depth);
            BiasedSlots.exit(cells);
            second.checkInvariants();
            assertThat(second.stats().livePages()).isEqualTo(40);
            pages.forEach(second::free);
        }
    }

    /// {@return the entered slot of the calling thread in the magazines of an arena, by reflection}
    private static int[] enterMagazine(PageArena arena) {
        try {
            Field field = PageArena.class.getDeclaredField("slots");
            field.setAccessible(true);
            BiasedSlots slots = (BiasedSlots) Objects.requireNonNull(field.get(arena));
            return Objects.requireNonNull(slots.enter(), "no slot");
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    /// {@return all calls that need an open arena}
    private static List<ThrowingCallable> calls(PageArena arena, long page, long address) {
        PageFrames frames = arena.frames();
        PageOwner owner = new PageOwner("late", 1);
        return List.of(
                arena::allocate,
                arena::tryAllocate,
                () -> arena.allocateRun(1),
                () -> arena.allocateRun(3),
                () -> arena.tryAllocateRun(2),
                () -> arena.tryAllocateRun(2, 4096),
                () -> arena.tryAllocateRun(2, Duration.ofSeconds(1)),
                () -> arena.free(page),
                () -> arena.tryGrow(page, 1),
                () -> arena.split(page, 1),
                () -> frames.wire(page),
                () -> frames.unwire(page),
                () -> frames.hold(page),
                () -> frames.unhold(page),
                () -> frames.own(page, owner, 0),
                () -> frames.owner(page),
                () -> frames.ownerIndex(page),
                () -> frames.address(page),
                () -> frames.pageCount(page),
                () -> frames.wireCount(page),
                () -> frames.holdCount(page),
                () -> frames.pageAt(address));
    }
}
