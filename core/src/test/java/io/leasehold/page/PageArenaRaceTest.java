package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.PageOwner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Races: two calls for one page at once, a waiter against a free, and a close against the users of the arena.
class PageArenaRaceTest {

    private static final int SCALE = Boolean.getBoolean("leasehold.soak") ? 100 : 1;
    private static final int RACES = 3_000 * SCALE;
    private static final int PING_PONGS = 1_000 * SCALE;
    private static final int FLUSHES = 60 * SCALE;
    private static final int LEAVINGS = 200 * SCALE;
    private static final int OWNED = 1_000;
    private static final int LONG_RUN = 16 << 10;

    @Test
    void exactlyOneOfTwoFreesSucceeds() throws InterruptedException {
        PageArena arena = open(64);
        race(arena, arena::free, arena::free, (page, first, second) -> {
            assertThat(EnumSet.of(first, second)).isEqualTo(EnumSet.of(Outcome.DONE, Outcome.REFUSED_FREED));
            assertThat(arena.frames().isLive(page)).isFalse();
        });
    }

    @Test
    void aPageIsFreedAndReusedOnceHoweverManyFreeIt() throws InterruptedException {
        PageArena arena = open(64);
        AtomicLong reused = new AtomicLong();
        LongConsumer freeAndReuse = page -> {
            arena.free(page);
            reused.set(arena.allocate());
        };
        race(arena, freeAndReuse, freeAndReuse, (page, first, second) -> {
            assertThat(first == Outcome.DONE ^ second == Outcome.DONE)
                    .as("one succeeded: %s, %s", first, second)
                    .isTrue();
            assertThat(arena.frames().isLive(reused.get()))
                    .as("the new owner's page")
                    .isTrue();
            arena.free(reused.get());
        });
    }

    @Test
    void aPageIsWiredOrFreedButNeverBoth() throws InterruptedException {
        PageArena arena = open(64);
        race(arena, arena::free, arena.frames()::wire, (page, freed, wired) -> {
            if (freed == Outcome.DONE) {
                assertThat(wired).isEqualTo(Outcome.REFUSED_FREED);
            } else {
                assertThat(freed).isEqualTo(Outcome.REFUSED_PINNED);
                assertThat(wired).isEqualTo(Outcome.DONE);
                arena.frames().unwire(page);
                arena.free(page);
            }
        });
    }

    @Test
    void aPageIsHeldOrSplitButNeverBoth() throws InterruptedException {
        PageArena arena = open(64);
        AtomicLong rest = new AtomicLong();
        race(arena, page -> rest.set(arena.split(page, 1)), arena.frames()::hold, (page, split, held) -> {
            assertThat(held).isEqualTo(Outcome.DONE);
            boolean isSplit = split == Outcome.DONE;
            assertThat(arena.frames().pageCount(page)).isEqualTo(isSplit ? 1 : 2);
            arena.frames().unhold(page);
            arena.free(page);
            if (isSplit) {
                arena.free(rest.get());
            }
        });
    }

    @Test
    void growingTogetherLosesNoPage() throws InterruptedException {
        PageArena arena = open(64);
        AtomicInteger grown = new AtomicInteger();
        LongConsumer grow = page -> grown.addAndGet(arena.tryGrow(page, 1) ? 1 : 0);
        race(arena, grow, grow, (page, first, second) -> {
            assertThat(first).isEqualTo(second).isEqualTo(Outcome.DONE);
            assertThat(arena.frames().pageCount(page)).isEqualTo(2 + grown.getAndSet(0));
            arena.free(page);
        });
    }

    /// Two threads wait for the same page in turn. The arena of 32 pages has magazines in which the page could get
    /// stranded.
    @ParameterizedTest
    @ValueSource(ints = {1, 32})
    void everyFreeWakesItsWaiter(int pageCount) throws InterruptedException {
        PageArena arena = open(pageCount);
        List<Long> others = new ArrayList<>();
        for (int i = 1; i < pageCount; i++) {
            others.add(arena.allocate());
        }
        AtomicLong page = new AtomicLong(arena.allocate());
        AtomicInteger played = new AtomicInteger();
        Watchdog watchdog = new Watchdog();
        for (int player = 0; player < 2; player++) {
            int mine = player;
            Watchdog.Task play = () -> {
                for (int round = 0; round < PING_PONGS; round++) {
                    int wanted = round + 1;
                    if (round % 2 == mine) {
                        watchdog.await("a waiter", () -> arena.stats().waits() == wanted);
                        arena.free(page.get());
                        // otherwise this thread would take its own page again
                        watchdog.await("the other player", () -> played.get() == wanted);
                    } else {
                        long got = arena.tryAllocateRun(1, Duration.ofSeconds(30));
                        assertThat(got).as("page in round %d", round).isNotEqualTo(PageArena.NO_PAGE);
                        page.set(got);
                        played.set(wanted);
                    }
                }
            };
            if (player == 0) {
                watchdog.start("player", play);
            } else {
                watchdog.startVirtual("virtual player", play);
            }
        }
        watchdog.join();
        // without a wake-up the waiter finds its page too, when it retries after 10 ms
        assertThat(arena.count(counts -> counts.lostWakeUps))
                .as("wake-ups lost")
                .isZero();
        arena.free(page.get());
        others.forEach(arena::free);
        arena.checkInvariants();
        arena.close();
    }

    /// A page is neither in a magazine nor in the pool while a flush or a decommit moves it.
    @Test
    void aThreadFindsThePageThatItFreedWhileAnotherOneMovesIt() throws InterruptedException {
        PageArena arena = open(64);
        List<Long> pages = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            pages.add(arena.allocate());
        }
        AtomicBoolean isOver = new AtomicBoolean();
        Watchdog watchdog = new Watchdog();
        watchdog.start("maintenance", () -> {
            long decay = arena.options().decay().toNanos();
            for (long now = 0; !isOver.get(); now += 2 * decay) {
                arena.decay().step(now);
            }
        });
        try {
            while (arena.count(counts -> counts.reclaims) < FLUSHES) {
                for (int i = 0; i < 1_000; i++) {
                    arena.free(pages.get(i % 64));
                    pages.set(i % 64, arena.allocate());
                }
            }
        } finally {
            isOver.set(true);
        }
        watchdog.join();
        pages.forEach(arena::free);
        arena.checkInvariants();
        arena.close();
    }

    /// Otherwise an arena with live pages could be closed, as if their owner had left them behind.
    @Test
    void aPageThatIsFreedIsNotLeftBehind() throws InterruptedException {
        PageArena arena = open(OWNED);
        long[] pages = new long[OWNED];
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger ended = new AtomicInteger();
        Watchdog watchdog = new Watchdog();
        watchdog.start("user", () -> {
            for (int round = 1; round <= LEAVINGS; round++) {
                int wanted = round;
                spinUntil(watchdog, () -> begun.get() == wanted);
                for (long page : pages) {
                    arena.free(page);
                }
                ended.set(round);
            }
        });
        for (int round = 1; round <= LEAVINGS; round++) {
            int wanted = round;
            PageOwner owner = arena.frames().register("owner");
            for (int i = 0; i < OWNED; i++) {
                pages[i] = arena.allocate();
                arena.frames().own(pages[i], owner, i);
            }
            begun.set(round);
            long overtaken = pages[round * 7 % (OWNED / 2)];
            spinUntil(watchdog, () -> !arena.frames().isLive(overtaken));
            ArenaAccess.of(arena).unregister(owner); // catches up with the user
            spinUntil(watchdog, () -> ended.get() == wanted);
        }
        watchdog.join();
        assertThat(arena.frames().owners().leftBehind().pageCount()).isZero();
        arena.checkInvariants();
        arena.close();
    }

    /// A flush waits for a slot that is busy, and all other threads wait for the flush.
    @Test
    void aLongRunIsZeroedOutsideASlot() throws InterruptedException {
        PageArena arena = open(LONG_RUN, true);
        long byteSize = LONG_RUN * arena.options().pageByteSize();
        boolean isSeen = false;
        while (!isSeen) {
            long run = arena.allocateRun(LONG_RUN);
            long first = arena.frames().address(run);
            long last = first + byteSize - Long.BYTES;
            OffHeap.fill(first, byteSize, (byte) 1);
            Watchdog watchdog = new Watchdog();
            watchdog.start("owner", () -> arena.free(run));
            watchdog.await("zeroes", () -> OffHeap.getByte(first) == 0);
            boolean isQuiet = arena.isQuiet();
            isSeen = OffHeap.getByte(last) != 0;
            assertThat(isQuiet || !isSeen).as("no thread is in a slot").isTrue();
            watchdog.join();
        }
        arena.checkInvariants();
        arena.close();
    }

    @Test
    void aWaiterForARunIsServedWhenItsLastPageIsFreed() throws InterruptedException {
        PageArena arena = open(8);
        for (int round = 0; round < 500 * SCALE; round++) {
            List<Long> pages = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                pages.add(arena.allocate());
            }
            long waits = arena.stats().waits();
            Watchdog watchdog = new Watchdog();
            watchdog.start("waiter", () -> {
                long run = arena.tryAllocateRun(8, Duration.ofSeconds(30));
                assertThat(run).isNotEqualTo(PageArena.NO_PAGE);
                arena.free(run);
            });
            watchdog.await("the waiter", () -> arena.stats().waits() > waits);
            pages.forEach(arena::free);
            watchdog.join();
        }
        arena.close();
    }

    @Test
    void anInterruptedWaiterTakesNothingAndLeavesNoTrace() throws InterruptedException {
        PageArena arena = open(64);
        long all = arena.allocateRun(64);
        Watchdog watchdog = new Watchdog();
        Thread waiter = watchdog.start(
                "waiter",
                () -> assertThrows(InterruptedException.class, () -> arena.tryAllocateRun(1, Duration.ofSeconds(60))));
        watchdog.await("the waiter", () -> arena.stats().waits() == 1);
        waiter.interrupt();
        watchdog.join();
        arena.free(all);
        arena.free(arena.allocate());
        assertThat(arena.stats().cachedPages())
                .as("pages in magazines, which are open again")
                .isPositive();
        arena.close();
    }

    @Test
    void closingByForceEndsWaiters() throws InterruptedException {
        PageArena arena = open(4);
        arena.allocateRun(4);
        Watchdog watchdog = new Watchdog();
        for (int i = 0; i < 4; i++) {
            watchdog.start("waiter", () -> {
                PageStateException e =
                        assertThrows(PageStateException.class, () -> arena.tryAllocateRun(1, Duration.ofSeconds(60)));
                assertThat(outcomeOf(e)).isEqualTo(Outcome.REFUSED_CLOSED);
            });
        }
        watchdog.await("the waiters", () -> arena.stats().waits() == 4);
        assertThat(arena.closeForcibly()).isEqualTo(4);
        watchdog.join();
    }

    @Test
    void closingByForceUnderTrafficEndsEveryUser() throws InterruptedException {
        for (int round = 0; round < 30 * SCALE; round++) {
            PageArena arena = open(256);
            Watchdog watchdog = new Watchdog();
            CountDownLatch busy = new CountDownLatch(4);
            for (int i = 0; i < 4; i++) {
                int count = 1 + 5 * (i / 2); // two threads use magazines, two the common pool
                Watchdog.Task use = () -> {
                    for (int use1 = 0; ; use1++) {
                        if (use1 == 100) {
                            busy.countDown();
                        }
                        try {
                            long page = arena.tryAllocateRun(count);
                            if (page != PageArena.NO_PAGE) {
                                arena.free(page);
                            }
                        } catch (PageStateException e) {
                            assertThat(outcomeOf(e)).isEqualTo(Outcome.REFUSED_CLOSED);
                            return;
                        }
                    }
                };
                if (i % 2 == 0) {
                    watchdog.start("user", use);
                } else {
                    watchdog.startVirtual("virtual user", use);
                }
            }
            watchdog.await("the users", () -> busy.getCount() == 0);
            arena.closeForcibly();
            watchdog.join();
            MemoryBudget parent = arena.options().budget();
            assertThat(parent == null ? -1 : parent.usedBytes()).isZero();
        }
    }

    /// Waits without a yield, so that the threads meet within nanoseconds.
    private static void spinUntil(Watchdog watchdog, BooleanSupplier condition) {
        while (!condition.getAsBoolean() && !watchdog.hasFailed()) {
            Thread.onSpinWait();
        }
    }

    /// The result of one of two racing calls.
    private enum Outcome {
        DONE,
        REFUSED_FREED,
        REFUSED_PINNED,
        REFUSED_CLOSED
    }

    /// Checks the results of two racing calls.
    private interface Judge {
        void judge(long page, Outcome first, Outcome second);
    }

    /// Runs two racing calls on the same run of two pages, again and again.
    private static void race(PageArena arena, LongConsumer first, LongConsumer second, Judge judge)
            throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        AtomicLong page = new AtomicLong();
        AtomicInteger started = new AtomicInteger();
        AtomicInteger ended = new AtomicInteger();
        Outcome[] outcomes = {Outcome.DONE, Outcome.DONE};
        LongConsumer[] calls = {first, second};
        for (int racer = 0; racer < 2; racer++) {
            int mine = racer;
            watchdog.start("racer " + racer, () -> {
                for (int race = 1; race <= RACES; race++) {
                    int number = race;
                    if (mine == 0) {
                        page.set(arena.allocateRun(2));
                    }
                    started.incrementAndGet();
                    watchdog.await("the start", () -> started.get() == 2 * number);
                    outcomes[mine] = attempt(calls[mine], page.get());
                    ended.incrementAndGet();
                    watchdog.await("the end", () -> ended.get() >= 2 * number);
                    if (mine == 0) {
                        judge.judge(page.get(), outcomes[0], outcomes[1]);
                        if (number % 512 == 0) {
                            arena.checkInvariants();
                        }
                    }
                }
            });
        }
        watchdog.join();
        arena.checkInvariants();
        assertThat(arena.stats().livePages()).isZero();
        arena.close();
    }

    private static Outcome attempt(LongConsumer call, long page) {
        try {
            call.accept(page);
            return Outcome.DONE;
        } catch (PageStateException e) {
            return outcomeOf(e);
        }
    }

    private static Outcome outcomeOf(PageStateException e) {
        return switch (e.kind()) {
            case FREED, STALE -> Outcome.REFUSED_FREED;
            case WIRED, HELD -> Outcome.REFUSED_PINNED;
            case CLOSED -> Outcome.REFUSED_CLOSED;
            default -> throw new AssertionError("refused for a wrong reason", e);
        };
    }

    private static PageArena open(int pageCount) {
        return open(pageCount, false);
    }

    private static PageArena open(int pageCount, boolean zeroOnFree) {
        VirtualMemory memory = new LedgerVirtualMemory(Set.of());
        long pageBytes = Math.max(4_096, memory.pageSize());
        long byteSize = pageCount * pageBytes;
        PageArenaOptions options = PageArenaOptions.builder()
                .byteSize(byteSize)
                .zeroOnFree(zeroOnFree)
                .budget(MemoryBudget.of("parent", 2 * byteSize + (1 << 20)))
                .build();
        return PageArena.open(options, new Reservations(memory, new MappingBudget(100)), 0);
    }
}
