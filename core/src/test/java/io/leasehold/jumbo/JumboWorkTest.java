package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.page.Watchdog;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer;
import io.leasehold.page.service.PageReclaimer.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Slow paths and background work are in proportion to what changed, counted in drains, holds of the lock of the slab
/// pool, and slabs that were read.
class JumboWorkTest {

    private static final int SLAB_BYTES = 256 << 10;

    /// Pages of [BufferSize#KIB_64] in a slab of the fixture.
    private static final int PER_SLAB = 4;

    /// Number of pages that a drain moves under one lock.
    private static final int BATCH = 64;

    /// Number of slabs that are freed with two holds of the lock.
    private static final int SLABS_AT_ONCE = 8;

    private static PageSupply.Work work(JumboFixture fixture) {
        return fixture.pool().supply().work();
    }

    private static Progress decay(JumboFixture fixture) {
        return fixture.pool().supply().reclaimer().decay(Pace.unlimited());
    }

    @Test
    void poolThatIsEmptyAgainCostsNothing() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 4)) {
            fixture.release(fixture.allocate(200));
            fixture.decay(4);
            assertThat(fixture.takenBytes()).isZero();
            assertThat(decay(fixture)).isEqualTo(Progress.DONE);
            PageSupply.Work before = work(fixture);
            fixture.decay(20);
            assertThat(fixture.pool().trim()).isZero();
            assertThat(fixture.pool().supply().reclaimer().shrink()).isZero();
            assertThat(work(fixture)).isEqualTo(before);
        }
    }

    /// A request for memory may be too early for another drain, but it finds all that its own thread freed.
    @Test
    void pagesThatTheCallingThreadFreedAreFoundWithoutADrain() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 4)) {
            PageReclaimer reclaimer = fixture.pool().supply().reclaimer();
            fixture.release(fixture.allocate(200));
            long drains = work(fixture).drains();
            reclaimer.collectOwn();
            assertThat(reclaimer.shrink()).isPositive();
            assertThat(fixture.takenBytes()).isZero();
            assertThat(work(fixture).drains()).isEqualTo(drains);
            reclaimer.collectOwn();
            assertThat(reclaimer.shrink()).isZero();
            fixture.check();
        }
    }

    @Test
    void poolWithPagesInUseCostsNothingWhileNothingChanges() {
        JumboOptions options =
                JumboFixture.options(BufferSize.KIB_4).toBuilder().pages(64, 0).build();
        try (JumboFixture fixture = new JumboFixture(options, 4)) {
            List<Long> handles = fixture.allocate(200);
            fixture.decay(4);
            assertThat(decay(fixture)).isEqualTo(Progress.DONE);
            PageSupply.Work before = work(fixture);
            fixture.decay(20);
            assertThat(fixture.pool().trim()).isZero();
            assertThat(work(fixture)).isEqualTo(before);

            fixture.release(handles);
            assertThat(decay(fixture)).as("the slot is open").isEqualTo(Progress.NEXT_TICK);
            fixture.decay(4);
            assertThat(fixture.takenBytes()).as("the initial pages").isEqualTo(SLAB_BYTES);
            assertThat(decay(fixture)).isEqualTo(Progress.DONE);
            before = work(fixture);
            fixture.decay(20);
            assertThat(work(fixture)).isEqualTo(before);
        }
    }

    @Test
    void statisticsReadNoPage() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 16)) {
            List<Long> handles = fixture.allocate(2_000);
            PageSupply.Work before = work(fixture);
            assertThat(fixture.pool().stats().pages().outstanding()).isEqualTo(2_000);
            PageSupply.Work after = work(fixture);
            assertThat(after.looks()).isEqualTo(before.looks());
            assertThat(after.lockHolds()).isEqualTo(before.lockHolds() + 1);
            fixture.release(handles);
        }
    }

    /// A hundred slabs are in use beside the ten that are freed.
    @Test
    void freeingSlabsReadsNoSlabInUse() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 0, 32)) {
            List<Long> handles = fixture.allocate(110 * PER_SLAB);
            long first = fixture.arena().baseAddress() + 50L * SLAB_BYTES;
            List<Long> middle = new ArrayList<>();
            handles.removeIf(handle -> {
                long address = fixture.pool().address(handle);
                boolean isMiddle = address >= first && address < first + 10L * SLAB_BYTES;
                return isMiddle && middle.add(handle);
            });
            assertThat(middle).hasSize(10 * PER_SLAB);
            fixture.release(middle);
            PageSupply.Work before = work(fixture);
            assertThat(fixture.pool().trim()).isEqualTo(10L * SLAB_BYTES);
            PageSupply.Work after = work(fixture);
            assertThat(after.looks() - before.looks())
                    .as("slabs that were read")
                    .isEqualTo(10);
            assertThat(after.lockHolds() - before.lockHolds())
                    .as("two holds a batch, one that finds none, and the drain")
                    .isLessThanOrEqualTo(2 * 2 + 1 + 1);
            fixture.check();
            fixture.release(handles);
        }
    }

    @Test
    void drainHoldsTheLockOnceForManyPages() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 4)) {
            List<Long> handles = new ArrayList<>();
            Watchdog watchdog = new Watchdog();
            watchdog.start("receiver", () -> handles.addAll(fixture.allocate(500)));
            watchdog.join();
            fixture.release(handles); // into the queue of the receiver's shard
            PageSupply.Work before = work(fixture);
            assertThat(fixture.pool().trim()).isEqualTo(8L * SLAB_BYTES);
            PageSupply.Work after = work(fixture);
            assertThat(after.drains()).isEqualTo(before.drains() + 1);
            assertThat(after.lockHolds() - before.lockHolds())
                    .as("one hold a batch of the queue, one for the magazine, two for eight slabs, one that finds none")
                    .isLessThanOrEqualTo(Math.ceilDiv(500, BATCH) + 1 + 2 + 1);
            fixture.check();
        }
    }

    /// The thread that frees has a shut slot, and the page goes to a shard whose slot is shut too.
    @Test
    void pageInTheQueueOfAShutShardIsFoundByTheNextDrain() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = new ArrayList<>();
            Watchdog watchdog = new Watchdog();
            watchdog.start("receiver", () -> handles.addAll(fixture.allocate(3)));
            watchdog.join();
            for (int left = 3; left > 0; left--) {
                assertThat(fixture.pool().trim()).isZero();
                assertThat(fixture.pool().supply().shards().areOpen()).isFalse();
                fixture.pool().free(handles.removeLast());
                assertThat(fixture.pool().supply().shards().areOpen()).isTrue();
                fixture.check();
            }
            assertThat(fixture.pool().trim()).isEqualTo(SLAB_BYTES);
        }
    }

    /// A thread loses its core in a slot: its pages stay there, and drains are repeated until the slab pool has them.
    @Test
    void slotThatIsBusyDuringADrainIsDrainedTheNextTime() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            Shards shards = fixture.pool().supply().shards();
            CountDownLatch inside = new CountDownLatch(1);
            CountDownLatch leave = new CountDownLatch(1);
            List<Long> handles = new ArrayList<>();
            Watchdog watchdog = new Watchdog();
            watchdog.start("receiver", () -> {
                handles.addAll(fixture.allocate(2));
                fixture.pool().trim();
                int[] cells = Objects.requireNonNull(shards.slots().enter());
                inside.countDown();
                watchdog.await("the drain", leave);
                BiasedSlots.exit(cells);
            });
            watchdog.await("a slot that is busy", inside);
            assertThat(shards.areOpen()).isFalse();
            fixture.release(handles); // into the queue of the busy shard
            assertThat(fixture.pool().trim()).isZero();
            assertThat(shards.openSlots()).isZero();
            assertThat(shards.areOpen()).as("though no slot is open").isTrue();
            assertThat(decay(fixture)).isEqualTo(Progress.NEXT_TICK);
            leave.countDown();
            watchdog.join();
            assertThat(fixture.pool().trim()).isEqualTo(SLAB_BYTES);
            assertThat(shards.areOpen()).isFalse();
        }
    }

    @Test
    void decayStopsWhenThePaceIsSpentAndContinues() throws ReflectiveOperationException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 0, 16)) {
            PageReclaimer reclaimer = fixture.pool().supply().reclaimer();
            fixture.release(fixture.allocate(40 * PER_SLAB));
            assertThat(decay(fixture)).as("was needed since the last tick").isEqualTo(Progress.NEXT_TICK);
            Pace spent = spentPace();
            for (int slabs = 40; slabs > 0; slabs -= SLABS_AT_ONCE) {
                assertThat(fixture.takenBytes()).isEqualTo((long) slabs * SLAB_BYTES);
                long before = work(fixture).lockHolds();
                assertThat(reclaimer.decay(spent)).isEqualTo(Progress.UNFINISHED);
                assertThat(work(fixture).lockHolds() - before)
                        .as("one to begin, two a batch")
                        .isLessThanOrEqualTo(3);
            }
            assertThat(fixture.takenBytes()).isZero();
            assertThat(reclaimer.decay(spent)).isEqualTo(Progress.DONE);
            fixture.check();
        }
    }

    /// {@return a pace whose time is spent} Only the maintenance creates one.
    private static Pace spentPace() throws ReflectiveOperationException {
        var maker = Pace.class.getDeclaredMethod("ofNanos", long.class);
        maker.setAccessible(true);
        Pace pace = (Pace) maker.invoke(null, 1L);
        while (!pace.isSpent()) {
            Thread.onSpinWait();
        }
        return pace;
    }

    @Test
    void tasksThatWaitShareADrainAndEachPageNotifiesOneTask() {
        try (JumboFixture fixture = new JumboFixture(
                JumboFixture.options(BufferSize.KIB_64).toBuilder().pages(0, 8).build(), 1)) {
            List<Long> handles = fixture.exhaust();
            fixture.pool().free(handles.removeLast());
            handles.addAll(fixture.allocate(1)); // so that the slot is open
            AtomicInteger notified = new AtomicInteger();
            long before = work(fixture).drains();
            for (int i = 0; i < 10; i++) {
                fixture.pool().whenFree(notified::incrementAndGet);
            }
            assertThat(work(fixture).drains()).isEqualTo(before + 1);
            assertThat(notified).hasValue(0);
            for (int turn = 1; turn <= 10; turn++) {
                fixture.pool().free(handles.removeLast());
                assertThat(notified).as("tasks notified by %d pages", turn).hasValue(turn);
                handles.addAll(fixture.allocate(1));
            }
            assertThat(fixture.pool().supply().isPressed()).isFalse();
            assertThat(notified).hasValue(10);
            fixture.release(handles);
            fixture.check();
        }
    }

    /// If notified tasks take no page, the next free page notifies more tasks.
    @Test
    void tasksThatTakeNoPageDoNotBlockOtherTasksForEver() {
        try (JumboFixture fixture = new JumboFixture(
                JumboFixture.options(BufferSize.KIB_64).toBuilder().pages(0, 8).build(), 1)) {
            List<Long> handles = fixture.exhaust();
            AtomicInteger notified = new AtomicInteger();
            for (int i = 0; i < 6; i++) {
                fixture.pool().whenFree(notified::incrementAndGet);
            }
            fixture.pool().free(handles.removeLast());
            assertThat(notified).hasValue(1);
            fixture.pool().free(handles.removeLast());
            assertThat(notified).as("two pages are free").hasValue(3);
            assertThat(decay(fixture)).isEqualTo(Progress.NEXT_TICK);
            assertThat(notified).as("notified by the clock").hasValue(5);
            fixture.release(handles);
            fixture.check();
        }
    }

    /// Threads that find no page while another thread asks the arena share the next answer.
    @Test
    void threadsThatWantASlabAtTheSameTimeAskTheArenaTwice() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 0, 1)) {
            List<Long> handles = fixture.exhaust();
            CountDownLatch asking = new CountDownLatch(1);
            CountDownLatch answer = new CountDownLatch(1);
            AtomicInteger asked = new AtomicInteger();
            Watchdog watchdog = new Watchdog();
            PageReclaimer slow = slowReclaimer(watchdog, asking, answer, asked);
            ArenaAccess.of(fixture.arena()).addReclaimer(slow);
            watchdog.start(
                    "first", () -> assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE));
            watchdog.await("the first request", asking);
            int threads = 5;
            for (int i = 0; i < threads; i++) {
                watchdog.start(
                        "thread " + i,
                        () -> assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE));
            }
            watchdog.await(
                    "all threads want a slab", () -> fixture.pool().supply().isGrowing(threads));
            answer.countDown();
            watchdog.join();
            assertThat(asked).as("the arena was asked").hasValue(2);
            assertThat(fixture.pool().stats().traffic().fallbacks()).isEqualTo(threads + 2);
            ArenaAccess.of(fixture.arena()).removeReclaimer(slow);
            fixture.release(handles);
        }
    }

    private static PageReclaimer slowReclaimer(
            Watchdog watchdog, CountDownLatch asking, CountDownLatch answer, AtomicInteger asked) {
        return new PageReclaimer() {
            @Override
            public Progress decay(Pace pace) {
                return Progress.DONE;
            }

            @Override
            public int shrink() {
                asked.incrementAndGet();
                asking.countDown();
                try {
                    watchdog.await("the answer", answer);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                return 0;
            }
        };
    }
}
