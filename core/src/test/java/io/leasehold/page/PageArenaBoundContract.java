package io.leasehold.page;

import static io.leasehold.memory.ScratchMemory.holds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.PageOwner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Limits and budgets, waiting for pages, and trim, for every kind of memory.
@Timeout(600)
interface PageArenaBoundContract extends PageArenaFixture {

    @Test
    default void boundIsExactWhateverLiesInMagazines() {
        try (PageArena arena = open()) {
            List<Long> pages = allocate(arena, PAGES);
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            assertThat(arena.tryAllocateRun(3)).isEqualTo(PageArena.NO_PAGE);
            assertThat(arena.tryAllocateRun(1, pageBytes())).isEqualTo(PageArena.NO_PAGE);
            arena.free(pages.removeLast());
            pages.add(arena.allocate());
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            arena.checkInvariants();
            pages.forEach(arena::free);
        }
    }

    @Test
    default void magazinesOfOtherThreadsAreEmptiedBeforeARequestIsRejected() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        try (PageArena arena = open()) {
            FutureTask<Integer> filled = new FutureTask<>(() -> {
                allocate(arena, 12).forEach(arena::free);
                return arena.stats().cachedPages();
            });
            Thread other = Thread.ofPlatform().start(() -> {
                filled.run();
                awaitQuietly(end);
            });
            try {
                assertThat(filled.get(300, TimeUnit.SECONDS)).isPositive();
                allocate(arena, PAGES).forEach(arena::free);
            } finally {
                end.countDown();
                other.join();
            }
        }
    }

    @Test
    default void exhaustionNamesBoundUseAndHolders() {
        try (PageArena arena = open()) {
            PageOwner ring = arena.frames().register("ring");
            long run = arena.allocateRun(200);
            arena.frames().own(run, ring, 0);
            List<Long> pages = allocate(arena, PAGES - 200);
            assertThatThrownBy(arena::allocate)
                    .isInstanceOf(PageExhaustedException.class)
                    .hasNoCause()
                    .message()
                    .startsWith("no run of 1 pages, the limit is reached: arena=" + name()
                            + ", live=256, free=0, idle=0, limit=256 pages of " + pageBytes()
                            + " B, longestFreeRun=0, budget=" + name() + " ")
                    .endsWith("holders: ring=200, unnamed=56");
            pages.forEach(arena::free);
            arena.free(run);
        }
    }

    @Test
    default void exhaustionNamesTheLongestRunIfFreePagesAreNotAdjacent() {
        try (PageArena arena = open()) {
            List<Long> pages = allocate(arena, PAGES);
            pages.sort((a, b) -> Integer.compare(FrameLayout.index(a), FrameLayout.index(b)));
            for (int i = 0; i < PAGES; i += 2) {
                arena.free(pages.get(i));
            }
            assertThatThrownBy(() -> arena.allocateRun(2))
                    .isInstanceOf(PageExhaustedException.class)
                    .message()
                    .startsWith("no run of 2 pages, no free run is long enough, though the bytes are there: arena="
                            + name() + ", live=128, free=128,")
                    .contains(", longestFreeRun=1,");
            assertThat(arena.tryAllocateRun(2)).isEqualTo(PageArena.NO_PAGE);
            for (int i = 1; i < PAGES; i += 2) {
                arena.free(pages.get(i));
            }
        }
    }

    @Test
    default void budgetBelowTheArenaIsTheBound() {
        MemoryBudget parent = MemoryBudget.of("small", 64 * pageBytes());
        try (PageArena arena = open(options().toBuilder().budget(parent).build())) {
            List<Long> pages = new ArrayList<>();
            for (long page = arena.tryAllocate(); page != PageArena.NO_PAGE; page = arena.tryAllocate()) {
                fill(arena, page, 1);
                pages.add(page);
            }
            // the tables of 256 pages cost two pages
            assertThat(pages).hasSizeBetween(60, 63);
            assertThat(parent.usedBytes()).isLessThanOrEqualTo(parent.byteLimit());
            assertThat(parent.usedBytes() + pageBytes()).isGreaterThan(parent.byteLimit());
            assertThatThrownBy(arena::allocate)
                    .isInstanceOf(PageExhaustedException.class)
                    .message()
                    .startsWith("no run of 1 pages, the budget is used up: arena=" + name() + ", live=" + pages.size())
                    .contains("budget=" + name() + " " + String.format(Locale.ROOT, "%,d of ", parent.usedBytes()));
            assertThat(arena.stats().budgetRefusals()).isPositive();
            arena.checkInvariants();
            arena.free(pages.removeLast());
            pages.add(arena.allocate());
            pages.forEach(arena::free);
        }
        assertThat(parent.usedBytes()).isZero();
    }

    @Test
    default void budgetTooSmallForOnePageRejectsTheArena() {
        MemoryBudget parent = MemoryBudget.of("tiny", pageBytes() / 2);
        assertThatThrownBy(() -> open(options().toBuilder().budget(parent).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "budget is too small for one page", "budget=tiny, byteLimit=" + pageBytes() / 2);
        assertThat(parent.usedBytes()).isZero();
        assertThat(parent.report()).doesNotContain("(");
    }

    @Test
    default void budgetAboveThatIsTooSmallForOnePageRejectsTheArena() {
        MemoryBudget tiny = MemoryBudget.of("tiny", pageBytes());
        MemoryBudget parent = tiny.child("wide", 1 << 30);
        assertThatThrownBy(() -> open(options().toBuilder().budget(parent).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("budget is too small for one page", "budget=tiny, byteLimit=" + pageBytes());
        assertThat(tiny.usedBytes()).isZero();
    }

    @Test
    default void fullParentBudgetRejectsThePage() {
        MemoryBudget parent = MemoryBudget.of("full", 4 * pageBytes());
        assertThat(parent.tryReserve(4 * pageBytes())).isTrue();
        try (PageArena arena = open(options().toBuilder().budget(parent).build())) {
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            assertThatThrownBy(arena::allocate)
                    .isInstanceOf(PageExhaustedException.class)
                    .hasMessageContainingAll(
                            "the budget is used up",
                            "refusing budget=full, max=" + 4 * pageBytes() + " B, limit=" + PAGES + " pages of ");
            arena.checkInvariants();
        }
        assertThat(parent.usedBytes()).isEqualTo(4 * pageBytes());
    }

    @Test
    default void idleMemoryIsGivenBackWhenTheSameArenaNeedsItsBudgetElsewhere() {
        require(Capability.DECOMMIT);
        MemoryBudget parent = MemoryBudget.of("small", 64 * pageBytes());
        try (PageArena arena = open(options().toBuilder().budget(parent).build())) {
            long idle = arena.allocateRun(40);
            long wall = arena.allocateRun(17);
            fill(arena, idle, 1);
            arena.free(idle);
            assertThat(arena.stats().idlePages()).isEqualTo(40);
            // the 40 idle pages do not contain a run of 42, so 42 cold pages must be charged
            long run = arena.allocateRun(42);
            assertThat(arena.frames().address(run)).isGreaterThan(arena.frames().address(wall));
            assertThat(arena.stats().idlePages()).isZero();
            assertThat(arena.stats().decommits()).isEqualTo(1);
            assertThat(parent.usedBytes()).isLessThanOrEqualTo(parent.byteLimit());
            arena.checkInvariants();
            arena.free(run);
            arena.free(wall);
        }
    }

    @Test
    default void arenasThatShareABudgetNeverPassItTogether() {
        require(Capability.DECOMMIT);
        MemoryBudget parent = MemoryBudget.of("shared", 128 * pageBytes());
        try (PageArena first =
                        open(options().toBuilder().name("first").budget(parent).build());
                PageArena second =
                        open(options().toBuilder().name("second").budget(parent).build())) {
            long large = first.allocateRun(100);
            assertThat(second.tryAllocateRun(40)).isEqualTo(PageArena.NO_PAGE);
            assertThatThrownBy(() -> second.allocateRun(40))
                    .isInstanceOf(PageExhaustedException.class)
                    .hasMessageContaining("the budget is used up");
            first.free(large);
            long run = second.allocateRun(40); // the first arena gives its idle pages
            assertThat(parent.usedBytes()).isLessThanOrEqualTo(parent.byteLimit());
            assertThat(first.stats().idlePages()).isZero();
            assertThat(first.tryAllocateRun(100)).isEqualTo(PageArena.NO_PAGE);
            second.free(run);
            first.free(first.allocateRun(100));
            assertThat(second.stats().idlePages()).isZero();
            assertThat(first.trim()).isEqualTo(100 * pageBytes());
            run = second.allocateRun(40);
            assertThat(parent.usedBytes()).isLessThanOrEqualTo(parent.byteLimit());
            assertThat(parent.report())
                    .startsWith("shared ")
                    .contains("(second ")
                    .contains(", first ");
            second.free(run);
        }
        assertThat(parent.report()).isEqualTo(String.format(Locale.ROOT, "shared 0 of %,d B", 128 * pageBytes()));
    }

    @Test
    default void trimGivesAllFreeMemoryBack() {
        require(Capability.DECOMMIT);
        try (PageArena arena = open()) {
            long kept = arena.allocateRun(17);
            fill(arena, kept, 1);
            long run = arena.allocateRun(100);
            fill(arena, run, 2);
            List<Long> singles = allocate(arena, 10);
            singles.forEach(page -> fill(arena, page, 3));
            long address = arena.frames().address(run);
            arena.free(run);
            singles.forEach(arena::free);
            assertThat(arena.stats().cachedPages()).isPositive();
            long committed = arena.stats().committedBytes();
            int free = arena.stats().cachedPages() + arena.stats().idlePages();
            assertThat(arena.trim()).isEqualTo(free * pageBytes());
            assertThat(arena.stats().committedBytes()).isEqualTo(committed - free * pageBytes());
            assertThat(arena.stats().cachedPages() + arena.stats().idlePages()).isZero();
            if (memory().can(Capability.RESIDENCY)) {
                assertThat(arena.residentBytes()).isEqualTo(17 * pageBytes());
            }
            assertThat(holds(address, 100 * pageBytes(), 0)).isTrue();
            assertThat(holds(arena.frames().address(kept), 17 * pageBytes(), 1)).isTrue();
            assertThat(arena.trim()).isZero();
            arena.checkInvariants();
            arena.free(kept);
        }
    }

    @Test
    default void waitEndsWithoutAPageAfterItsTimeout() throws InterruptedException {
        try (PageArena arena = open()) {
            List<Long> pages = allocate(arena, PAGES);
            long start = System.nanoTime();
            assertThat(arena.tryAllocateRun(1, Duration.ofMillis(30))).isEqualTo(PageArena.NO_PAGE);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(30_000_000);
            assertThat(arena.tryAllocateRun(1, Duration.ZERO)).isEqualTo(PageArena.NO_PAGE);
            assertThat(arena.tryAllocateRun(1, Duration.ofSeconds(-1))).isEqualTo(PageArena.NO_PAGE);
            assertThat(arena.stats().waits()).isEqualTo(3);
            pages.forEach(arena::free);
            assertThat(arena.stats().cachedPages()).as("magazines serve again").isPositive();
        }
    }

    @Test
    default void waitEndsWithTheRunThatAnotherThreadFrees() throws Exception {
        try (PageArena arena = open()) {
            List<Long> pages = allocate(arena, PAGES);
            // the longest time there is: the deadline must not wrap around
            FutureTask<Long> waiter = waiter(arena, 3, Duration.ofNanos(Long.MAX_VALUE));
            Eventually.holds("a thread waits", () -> arena.stats().waits() == 1);
            assertThat(waiter.isDone()).isFalse();
            pages.sort((a, b) -> Integer.compare(FrameLayout.index(a), FrameLayout.index(b)));
            List<Long> neighbours = pages.subList(100, 103);
            neighbours.forEach(arena::free);
            long run = waiter.get(300, TimeUnit.SECONDS);
            assertThat(arena.frames().pageCount(run)).isEqualTo(3);
            neighbours.clear();
            pages.forEach(arena::free);
            arena.free(run);
        }
    }

    @Test
    default void waitThatIsNotNeededTakesNoTime() throws InterruptedException {
        try (PageArena arena = open()) {
            long run = arena.tryAllocateRun(3, Duration.ofDays(1));
            assertThat(arena.stats().waits()).isZero();
            arena.free(run);
        }
    }

    @Test
    default void waitEndsWhenTheThreadIsInterrupted() throws Exception {
        try (PageArena arena = open()) {
            List<Long> pages = allocate(arena, PAGES);
            FutureTask<Long> waiter = new FutureTask<>(() -> arena.tryAllocateRun(1, Duration.ofDays(1)));
            Thread thread = Thread.ofPlatform().start(waiter);
            Eventually.holds("a thread waits", () -> arena.stats().waits() == 1);
            thread.interrupt();
            assertThatThrownBy(() -> waiter.get(300, TimeUnit.SECONDS)).hasCauseInstanceOf(InterruptedException.class);
            pages.forEach(arena::free);
            assertThat(arena.stats().cachedPages()).as("magazines serve again").isPositive();
            arena.checkInvariants();
        }
    }

    @Test
    default void waitEndsWhenTheArenaIsClosed() throws Exception {
        PageArena arena = open();
        allocate(arena, PAGES);
        FutureTask<Long> waiter = waiter(arena, 1, Duration.ofDays(1));
        Eventually.holds("a thread waits", () -> arena.stats().waits() == 1);
        assertThat(arena.closeForcibly()).isEqualTo(PAGES);
        assertThatThrownBy(() -> waiter.get(300, TimeUnit.SECONDS))
                .cause()
                .isInstanceOfSatisfying(
                        PageStateException.class, e -> assertThat(e.kind()).isEqualTo(StateKind.CLOSED));
    }

    @Test
    default void waiterIsServedWhenTheParentBudgetHasSpace() throws Exception {
        MemoryBudget parent = MemoryBudget.of("shared", 64 * pageBytes());
        assertThat(parent.tryReserve(60 * pageBytes())).isTrue();
        try (PageArena arena = open(options().toBuilder().budget(parent).build())) {
            FutureTask<Long> waiter = waiter(arena, 20, Duration.ofDays(1));
            Eventually.holds("a thread waits", () -> arena.stats().waits() == 1);
            assertThat(waiter.isDone()).isFalse();
            parent.release(60 * pageBytes());
            long run = waiter.get(300, TimeUnit.SECONDS);
            arena.free(run);
        }
    }

    private static FutureTask<Long> waiter(PageArena arena, int pages, Duration timeout) {
        FutureTask<Long> waiter = new FutureTask<>(() -> arena.tryAllocateRun(pages, timeout));
        Thread.ofPlatform().start(waiter);
        return waiter;
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
