package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Formatter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Requests for pages that are just being moved: out of a magazine, or to the kernel.
class PageArenaPressureTest {

    private static final int PAGES = 64;
    private static final int RECLAIMS = 20_000;
    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 20_000_000 : 300_000;
    private static final int MESSAGES = 20;

    /// Two users on the fast path start their search at the same slot, while a third thread flushes the magazines
    /// without end, because it requests more than there is.
    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void aPageIsInOneHandAtATimeWhileMagazinesAreReclaimed(boolean isVirtual, boolean fenced)
            throws InterruptedException {
        Set<Capability> hidden = fenced ? EnumSet.of(Capability.BARRIER) : EnumSet.noneOf(Capability.class);
        PageArena arena = open(new LedgerVirtualMemory(hidden));
        long held = arena.allocate();
        Watchdog watchdog = new Watchdog();
        CountDownLatch ready = new CountDownLatch(3);
        CountDownLatch users = new CountDownLatch(2);
        AtomicLong reclaims = new AtomicLong();
        for (int user = 1; user <= 2; user++) {
            int name = user;
            Watchdog.Task use = () -> {
                ready.countDown();
                watchdog.await("all three", () -> ready.getCount() == 0);
                for (int i = 0; (i < STEPS || reclaims.get() < RECLAIMS) && !watchdog.hasFailed(); i++) {
                    use(arena, name);
                }
                users.countDown();
            };
            Thread.Builder builder =
                    isVirtual ? Thread.ofVirtual() : Thread.ofPlatform().daemon();
            // slots are found by thread id: both users start at the first slot, which a revocation visits first
            while (builder.unstarted(() -> {}).threadId() % 1024 != 1023) {
                Thread.onSpinWait();
            }
            watchdog.start(builder.name("user " + user), use);
        }
        watchdog.start("reclaimer", () -> {
            ready.countDown();
            watchdog.await("all three", () -> ready.getCount() == 0);
            while (users.getCount() > 0 && !watchdog.hasFailed()) {
                assertThat(arena.tryAllocateRun(PAGES)).isEqualTo(PageArena.NO_PAGE);
                // a while without flushes
                for (long spins = reclaims.incrementAndGet() % 128; spins > 0; spins--) {
                    Thread.onSpinWait();
                }
            }
        });
        watchdog.join();
        System.out.printf("reclaims beside %,d steps and more: %,d%n", 2 * STEPS, reclaims.get());
        arena.free(held);
        arena.checkInvariants();
        arena.close();
    }

    /// A message takes many times as long as a request, and all other requests of the arena wait for the lock.
    @Test
    void messageOfAFailedRequestIsMadeWithoutTheLock() throws InterruptedException {
        PageArena arena = open(new LedgerVirtualMemory(Set.of()));
        long all = arena.allocateRun(PAGES);
        AtomicBoolean isOver = new AtomicBoolean();
        Watchdog watchdog = new Watchdog();
        Thread asking = watchdog.start("asking", () -> {
            while (!isOver.get()) {
                assertThrows(PageExhaustedException.class, arena::allocate);
            }
        });
        for (int seen = 0; seen < MESSAGES && !watchdog.hasFailed(); ) {
            List<String> classes = Arrays.stream(asking.getStackTrace())
                    .map(StackTraceElement::getClassName)
                    .toList();
            if (classes.contains(Formatter.class.getName())) {
                seen++;
                assertThat(classes).doesNotContain(FramePool.class.getName());
            }
        }
        isOver.set(true);
        watchdog.join();
        arena.free(all);
        arena.close();
    }

    @Test
    void anAllocationWaitsForPagesInTransit() throws InterruptedException {
        LedgerVirtualMemory memory = decommitting();
        PageArena arena = open(memory);
        arena.free(arena.allocateRun(PAGES));
        Watchdog watchdog = new Watchdog();
        CountDownLatch gate = holdDecommits(memory, watchdog);
        watchdog.start("trimmer", arena::trim);
        watchdog.await("pages in transit", () -> arena.stats().transitPages() == PAGES);
        AtomicLong page = new AtomicLong();
        Thread user = watchdog.start("user", () -> page.set(arena.tryAllocate()));
        watchdog.await("the user", () -> user.getState() == Thread.State.WAITING || !user.isAlive());
        assertThat(page.get()).as("page while all are in transit").isZero();
        assertThat(user.isAlive()).as("the user waits").isTrue();
        gate.countDown();
        watchdog.join();
        assertThat(page.get()).isNotEqualTo(PageArena.NO_PAGE);
        arena.free(page.get());
        arena.checkInvariants();
        arena.close();
    }

    @Test
    void growingWhilePagesAreInTransitTakesNoneOfThem() throws InterruptedException {
        LedgerVirtualMemory memory = decommitting();
        PageArena arena = open(memory);
        long run = arena.allocateRun(PAGES);
        arena.free(arena.split(run, 1));
        Watchdog watchdog = new Watchdog();
        CountDownLatch gate = holdDecommits(memory, watchdog);
        watchdog.start("trimmer", arena::trim);
        watchdog.await("pages in transit", () -> arena.stats().transitPages() == PAGES - 1);
        AtomicBoolean grown = new AtomicBoolean();
        Thread user = watchdog.start("user", () -> grown.set(arena.tryGrow(run, 1)));
        watchdog.await("the user", () -> user.getState() == Thread.State.WAITING || !user.isAlive());
        assertThat(grown).as("grown into pages that are in transit").isFalse();
        gate.countDown();
        watchdog.join();
        assertThat(arena.frames().pageCount(run)).isEqualTo(grown.get() ? 2 : 1);
        arena.checkInvariants();
        arena.free(run);
        arena.close();
    }

    @Test
    void closingByForceWaitsForPagesInTransit() throws InterruptedException {
        LedgerVirtualMemory memory = decommitting();
        PageArena arena = open(memory);
        long live = arena.allocate();
        Watchdog watchdog = new Watchdog();
        CountDownLatch gate = holdDecommits(memory, watchdog);
        watchdog.start("trimmer", arena::trim);
        watchdog.await("pages in transit", () -> arena.stats().transitPages() > 0);
        Thread closer = watchdog.start("closer", arena::closeForcibly);
        watchdog.await("the closer", () -> closer.getState() == Thread.State.WAITING || !closer.isAlive());
        assertThat(closer.isAlive()).as("the closer waits").isTrue();
        assertThat(arena.frames().isLive(live))
                .as("open while a decommit is under way")
                .isTrue();
        gate.countDown();
        watchdog.join();
        assertThat(arena.frames().isLive(live)).isFalse();
    }

    /// Pages are flushed from the magazine of a thread that sleeps in the kernel, in time for a waiter with a short
    /// timeout.
    @Test
    void aWaiterFindsPagesThatWereFreedBeforeItCame() throws InterruptedException {
        PageArena arena = open(new LedgerVirtualMemory(Set.of()));
        long run = arena.allocateRun(PAGES);
        long rest = arena.split(run, 1);
        Watchdog watchdog = new Watchdog();
        CountDownLatch freed = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        watchdog.start("idler", () -> {
            arena.free(run);
            freed.countDown();
            watchdog.await("the end", end);
        });
        watchdog.await("the idler", freed);
        assertThat(arena.stats().cachedPages())
                .as("page in the idler's magazine")
                .isEqualTo(1);
        assertThat(arena.tryAllocateRun(1, Duration.ZERO)).isNotEqualTo(PageArena.NO_PAGE);
        end.countDown();
        watchdog.join();
        arena.free(rest);
        arena.closeForcibly();
    }

    private static void use(PageArena arena, int name) {
        long page = arena.tryAllocate();
        if (page != PageArena.NO_PAGE) {
            long address = arena.frames().address(page);
            OffHeap.putLong(address, name);
            Thread.onSpinWait();
            long word = OffHeap.getLong(address);
            if (word != name) {
                throw new AssertionError("page in two hands: word=" + word + ", name=" + name);
            }
            arena.free(page);
        }
    }

    /// {@return the latch that releases the next decommit}
    private static CountDownLatch holdDecommits(LedgerVirtualMemory memory, Watchdog watchdog) {
        CountDownLatch gate = new CountDownLatch(1);
        memory.beforeDecommit(() -> {
            try {
                watchdog.await("the gate", gate);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        return gate;
    }

    private static LedgerVirtualMemory decommitting() {
        LedgerVirtualMemory memory = new LedgerVirtualMemory(Set.of());
        if (!memory.can(Capability.DECOMMIT)) {
            System.out.println("skipped: " + memory + " has not " + Capability.DECOMMIT);
        }
        assumeTrue(memory.can(Capability.DECOMMIT), () -> memory + " has not " + Capability.DECOMMIT);
        return memory;
    }

    private static PageArena open(LedgerVirtualMemory memory) {
        long byteSize = PAGES * Math.max(4096, memory.pageSize());
        PageArenaOptions options = PageArenaOptions.builder()
                .byteSize(byteSize)
                .budget(MemoryBudget.of("parent", 2 * byteSize + (1 << 20)))
                .build();
        return PageArena.open(options, new Reservations(memory, new MappingBudget(100)), 0);
    }
}
