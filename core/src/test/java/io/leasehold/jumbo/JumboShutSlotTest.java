package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Pace;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.Watchdog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The first page that a thread frees into its shut slot is not overlooked by a thread that wants all pages in the
/// pool.
class JumboShutSlotTest {

    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 200_000 : 3_000;

    /// Either the page goes to the pool, and its thread tells the task, or the thread that waits finds the page.
    @Test
    void firstFreeAgainstTheFirstTaskThatWaits() throws InterruptedException {
        try (JumboBed bed = new JumboBed(JumboBed.options(BufferSize.KIB_64).withPages(0, 4), 1)) {
            JumboPool<JumboView> ring = bed.ring();
            List<Long> handles = bed.exhaust();
            long[] handle = {handles.removeLast()};
            AtomicInteger told = new AtomicInteger();
            CyclicBarrier start = new CyclicBarrier(2);
            CyclicBarrier end = new CyclicBarrier(2);
            Watchdog watchdog = new Watchdog();
            watchdog.start("frees", () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    start.await();
                    ring.release(handle[0]);
                    end.await();
                }
            });
            watchdog.start("waits", () -> {
                for (int round = 1; round <= ROUNDS; round++) {
                    ring.supply().reclaimer().decay(Pace.unlimited()); // shuts the slot of the other thread
                    assertThat(ring.supply().shards().areOpen()).isFalse();
                    start.await();
                    ring.whenFree(told::incrementAndGet);
                    end.await();
                    assertThat(told).as("tasks told, round %d", round).hasValue(round);
                    handle[0] = ring.allocate();
                    assertThat(handle[0]).isNotNegative();
                }
            });
            watchdog.join();
            bed.check();
            handles.add(handle[0]);
            bed.release(handles);
        }
    }

    /// After a free and a drain at once the page is in the pool, or the ring knows that a slot is open.
    @Test
    void firstFreeAgainstADrain() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 4, 1)) {
            JumboPool<JumboView> ring = bed.ring();
            CyclicBarrier start = new CyclicBarrier(2);
            CyclicBarrier end = new CyclicBarrier(2);
            long[] handle = new long[1];
            Watchdog watchdog = new Watchdog();
            watchdog.start("frees", () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    start.await();
                    ring.release(handle[0]);
                    end.await();
                }
            });
            watchdog.start("drains", () -> {
                for (int round = 0; round < ROUNDS; round++) {
                    handle[0] = ring.allocate();
                    start.await();
                    ring.trim();
                    end.await();
                    ring.checkInvariants();
                    ring.trim();
                    assertThat(ring.stats().bytes().taken())
                            .as("round %d", round)
                            .isZero();
                }
            });
            watchdog.join();
        }
    }

    /// How a slab becomes idle while the arena rests.
    enum Ending {
        ALLOCATE_AND_RELEASE,
        RELEASE,
        UNHOLD,
        ADOPT
    }

    /// The clock of an arena that rests is told when a slot opens or a page comes to the pool: else the slab would stay
    /// for ever.
    @ParameterizedTest
    @EnumSource
    void ringThatRestedGivesItsSlabBack(Ending ending) {
        PageArenaOptions options = PageArenaOptions.defaults()
                .withName("resting")
                .withByteSize(16L << 20)
                .withDecay(Duration.ofMillis(8))
                .withBudget(MemoryBudget.of("test", 1L << 30));
        try (PageArena arena = PageArena.open(options);
                JumboPool<JumboView> ring = JumboPool.open(arena, JumboBed.options(BufferSize.KIB_4), JumboView::new)) {
            for (int round = 0; round < 5; round++) {
                long handle = prepare(ending, ring);
                awaitRest(arena, ring);
                end(ending, ring, handle);
                new Watchdog()
                        .await("the slab to go", () -> ring.stats().bytes().taken() == 0);
            }
        }
    }

    private static long prepare(Ending ending, JumboPool<JumboView> ring) {
        if (ending == Ending.ALLOCATE_AND_RELEASE) {
            return JumboPool.NONE;
        }
        long handle = ring.allocate();
        if (ending == Ending.UNHOLD) {
            ring.hold(handle);
            ring.release(handle);
        }
        return ending == Ending.ADOPT ? ring.exchange().steal(handle) : handle;
    }

    private static void end(Ending ending, JumboPool<JumboView> ring, long handle) {
        switch (ending) {
            case ALLOCATE_AND_RELEASE -> ring.release(ring.allocate());
            case RELEASE -> ring.release(handle);
            case UNHOLD -> ring.unhold(handle);
            case ADOPT -> ring.exchange().adopt(handle);
        }
    }

    /// Waits until the shards are drained and no page of the arena waits for its decommit.
    private static void awaitRest(PageArena arena, JumboPool<JumboView> ring) {
        boolean decommits = VirtualMemory.system().can(Capability.DECOMMIT);
        new Watchdog()
                .await(
                        "rest",
                        () -> !ring.supply().shards().areOpen()
                                && (!decommits || arena.stats().idlePages() == 0));
    }
}
