package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.Watchdog;
import io.leasehold.page.service.Pace;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The first page that a thread frees into its shut slot is found by a thread that wants all pages in the slab pool.
class JumboShutSlotTest {

    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 200_000 : 3_000;

    /// Either the page goes to the slab pool, and its thread notifies the task, or the thread that waits finds the
    /// page.
    @Test
    void firstFreeAgainstTheFirstTaskThatWaits() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(
                JumboFixture.options(BufferSize.KIB_64).toBuilder().pages(0, 4).build(), 1)) {
            JumboPool<JumboView> pool = fixture.pool();
            List<Long> handles = fixture.exhaust();
            long[] handle = {handles.removeLast()};
            AtomicInteger notified = new AtomicInteger();
            CyclicBarrier start = new CyclicBarrier(2);
            CyclicBarrier end = new CyclicBarrier(2);
            Watchdog watchdog = new Watchdog();
            watchdog.start("frees", () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    start.await();
                    pool.free(handle[0]);
                    end.await();
                }
            });
            watchdog.start("waits", () -> {
                for (int round = 1; round <= ROUNDS; round++) {
                    pool.supply().reclaimer().decay(Pace.unlimited()); // shuts the slot of the other thread
                    assertThat(pool.supply().shards().areOpen()).isFalse();
                    start.await();
                    pool.whenFree(notified::incrementAndGet);
                    end.await();
                    assertThat(notified).as("tasks notified, round %d", round).hasValue(round);
                    handle[0] = pool.tryAllocate();
                    assertThat(handle[0]).isNotNegative();
                }
            });
            watchdog.join();
            fixture.check();
            handles.add(handle[0]);
            fixture.release(handles);
        }
    }

    /// After a free that races with a drain, the page is in the slab pool, or a slot is counted as open.
    @Test
    void firstFreeAgainstADrain() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 4, 1)) {
            JumboPool<JumboView> pool = fixture.pool();
            CyclicBarrier start = new CyclicBarrier(2);
            CyclicBarrier end = new CyclicBarrier(2);
            long[] handle = new long[1];
            Watchdog watchdog = new Watchdog();
            watchdog.start("frees", () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    start.await();
                    pool.free(handle[0]);
                    end.await();
                }
            });
            watchdog.start("drains", () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    handle[0] = pool.tryAllocate();
                    start.await();
                    pool.trim();
                    end.await();
                    pool.checkInvariants();
                    pool.trim();
                    assertThat(pool.stats().bytes().taken())
                            .as("round %d", round)
                            .isZero();
                }
            });
            watchdog.join();
        }
    }

    /// The ways in which a slab becomes idle while the arena clock rests.
    enum Ending {
        ALLOCATE_AND_RELEASE,
        RELEASE,
        UNHOLD,
        ADOPT
    }

    /// The resting clock of an arena is notified when a slot opens or a page comes to the slab pool: else the slab
    /// would stay for ever.
    @ParameterizedTest
    @EnumSource
    void ringThatRestedGivesItsSlabBack(Ending ending) {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("resting")
                .byteSize(16L << 20)
                .decay(Duration.ofMillis(8))
                .budget(MemoryBudget.of("test", 1L << 30))
                .build();
        try (PageArena arena = PageArena.open(options);
                JumboPool<JumboView> pool =
                        JumboPool.open(arena, JumboFixture.options(BufferSize.KIB_4), JumboView::new)) {
            for (int round = 0; round < 5; round++) {
                long handle = prepare(ending, pool);
                awaitRest(arena, pool);
                end(ending, pool, handle);
                new Watchdog()
                        .await("the slab to go", () -> pool.stats().bytes().taken() == 0);
            }
        }
    }

    private static long prepare(Ending ending, JumboPool<JumboView> pool) {
        if (ending == Ending.ALLOCATE_AND_RELEASE) {
            return JumboPool.NONE;
        }
        long handle = pool.tryAllocate();
        if (ending == Ending.UNHOLD) {
            pool.hold(handle);
            pool.free(handle);
        }
        return ending == Ending.ADOPT ? pool.exchange().steal(handle) : handle;
    }

    private static void end(Ending ending, JumboPool<JumboView> pool, long handle) {
        switch (ending) {
            case ALLOCATE_AND_RELEASE -> pool.free(pool.tryAllocate());
            case RELEASE -> pool.free(handle);
            case UNHOLD -> pool.unhold(handle);
            case ADOPT -> pool.exchange().adopt(handle);
        }
    }

    /// Waits until the shards are drained and no page of the arena waits for its decommit.
    private static void awaitRest(PageArena arena, JumboPool<JumboView> pool) {
        boolean decommits = VirtualMemory.system().can(Capability.DECOMMIT);
        new Watchdog()
                .await(
                        "rest",
                        () -> !pool.supply().shards().areOpen()
                                && (!decommits || arena.stats().idlePages() == 0));
    }
}
