package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Slots with and without a fence in their owners; the barrier that stands in for the fence is not needed here, where
/// no two threads meet in one slot, see [BiasedSlotsHandshakeTest].
@ParameterizedClass(name = "fenced={0}")
@ValueSource(booleans = {true, false})
@Timeout(600)
class BiasedSlotsTest {

    private static final int CELL = BiasedSlot.FIRST;
    private static final int CELLS = 3;

    private final boolean fenced;

    BiasedSlotsTest(boolean fenced) {
        this.fenced = fenced;
    }

    @Test
    void machineHasSlotsForManyThreadsOfItsOwnAndSomeToShare() {
        int cpus = Runtime.getRuntime().availableProcessors();
        BiasedSlots slots = new BiasedSlots(CELLS, fenced);
        int shared = Integer.highestOneBit(4 * cpus - 1);
        assertThat(slots.slotCount() - shared).isBetween(64, 512).isGreaterThanOrEqualTo(Math.min(512, 8 * cpus));
        assertThat(Integer.bitCount(slots.slotCount() - shared)).isEqualTo(1);
    }

    @Test
    void slotsAreMadeWhenThreadsFirstCome() throws Exception {
        BiasedSlots slots = slots(4, 2);
        assertThat(slots.slotCount()).isEqualTo(6);
        assertThat(made(slots)).isEmpty();
        assertThat(visit(slots, slot -> {})).isZero();
        assertThat(slots.isQuiet()).isTrue();
        BiasedSlot mine = leave(entered(slots));
        assertThat(made(slots)).containsExactly(mine);
        assertThat(leave(entered(slots))).isSameAs(mine);
        assertThat(made(slots)).hasSize(1);
        BiasedSlot virtual = onVirtualThread(() -> leave(entered(slots)));
        assertThat(made(slots)).containsExactly(mine, virtual);
        assertThat(slots.slotCount()).isEqualTo(6);
    }

    @Test
    void newSlotIsZeroAndHasItsCellsToItself() throws Exception {
        BiasedSlots slots = slots(4, 2);
        BiasedSlot mine = entered(slots);
        assertThat(mine.cells()).hasSize(CELL + CELLS);
        assertThat(mine.cells()[CELL + 1]).isZero();
        mine.cells()[CELL + 1] = 6;
        leave(mine);
        assertThat(onPlatformThread(() -> leave(entered(slots))).peek(CELL + 1)).isZero();
        assertThat(mine.peek(CELL + 1)).isEqualTo(6);
        assertThat(entered(new BiasedSlots(CELLS, fenced)).cells()).hasSize(CELL + CELLS);
    }

    @Test
    void threadComesBackToItsSlotAndFindsWhatItLeft() throws Exception {
        BiasedSlots slots = slots(4, 2);
        BiasedSlot mine = entered(slots);
        mine.cells()[CELL] = 7;
        leave(mine);
        BiasedSlot other = onPlatformThread(() -> {
            BiasedSlot slot = entered(slots);
            assertThat(slot.cells()[CELL]).isZero();
            return leave(slot);
        });
        assertThat(other).isNotSameAs(mine);
        assertThat(entered(slots)).isSameAs(mine);
        assertThat(mine.cells()[CELL]).isEqualTo(7);
        leave(mine);
    }

    @Test
    void threadsThatLookForTheSameSlotGetNeighbours() throws Exception {
        BiasedSlots slots = slots(8, 1);
        List<Occupant> occupants = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                occupants.add(new Occupant(slots, false, 8));
            }
            List<BiasedSlot> owned = new ArrayList<>();
            for (Occupant occupant : occupants) {
                owned.add(occupant.slot());
            }
            assertThat(owned).doesNotHaveDuplicates();
            assertThat(made(slots)).containsExactlyElementsOf(owned);
            try (Occupant fifth = new Occupant(slots, false, 8)) {
                assertThat(fifth.slot().owner())
                        .as("owner of a slot that threads share")
                        .isZero();
            }
        } finally {
            occupants.forEach(Occupant::close);
        }
    }

    @Test
    void suspendedSlotsAreShutUntilTheLastResume() throws Exception {
        BiasedSlots slots = slots(4, 2);
        leave(entered(slots));
        slots.suspend();
        slots.suspend();
        assertThat(slots.enter()).isNull();
        assertThat(onVirtualThread(() -> slots.enter() == null)).isTrue();
        slots.resume();
        assertThat(slots.enter()).isNull();
        slots.resume();
        leave(entered(slots));
        onVirtualThread(() -> leave(entered(slots)));
    }

    @Test
    void fastEntryNeedsAnOwnSlotThatIsNotShut() {
        BiasedSlots slots = new BiasedSlots(4, 2, CELLS, false);
        assertThat(slots.tryEnterFast()).as("no slot yet").isNull();
        BiasedSlot own = leave(entered(slots));
        int[] cells = Objects.requireNonNull(slots.tryEnterFast());
        assertThat(cells).isSameAs(own.cells());
        assertThat(own.isBusy()).isTrue();
        BiasedSlots.exit(cells);

        slots.suspend();
        assertThat(slots.tryEnterFast()).as("shut").isNull();
        assertThat(slots.isQuiet()).isTrue();
        slots.resume();
        BiasedSlots.exit(Objects.requireNonNull(slots.tryEnterFast()));
    }

    @Test
    void fastEntryIsRefusedWhereSlotsNeedFences() {
        BiasedSlots slots = new BiasedSlots(4, 2, CELLS, true);
        leave(entered(slots));
        assertThat(slots.tryEnterFast()).isNull();
        assertThat(slots.isQuiet()).isTrue();
    }

    @Test
    void slotThatIsMadeWhileAllAreShutIsShutToo() throws Exception {
        BiasedSlots slots = slots(4, 2);
        slots.suspend();
        assertThat(slots.enter()).isNull();
        assertThat(onVirtualThread(() -> slots.enter() == null)).isTrue();
        assertThat(slots.isQuiet()).isTrue();
        assertThat(made(slots)).hasSize(2).noneMatch(BiasedSlot::isBusy);
        slots.resume();
        assertThat(leave(entered(slots)).owner())
                .isEqualTo(Thread.currentThread().threadId());
        assertThat(made(slots)).hasSize(2);
    }

    @Test
    void visitorWorksOnEverySlotThatWasMade() throws Exception {
        BiasedSlots slots = slots(4, 2);
        Callable<BiasedSlot> fill = () -> {
            BiasedSlot slot = entered(slots);
            slot.cells()[CELL] = (int) Thread.currentThread().threadId();
            return leave(slot);
        };
        List<BiasedSlot> filled = List.of(fill.call(), onPlatformThread(fill), onVirtualThread(fill));
        List<Integer> found = new ArrayList<>();
        List<BiasedSlot> visited = new ArrayList<>();
        assertThat(visit(slots, slot -> {
                    visited.add(slot);
                    found.add(slot.cells()[CELL]);
                    slot.cells()[CELL] = 0;
                }))
                .isZero();
        assertThat(visited).containsExactlyInAnyOrderElementsOf(filled);
        assertThat(found).hasSize(3).doesNotContain(0).doesNotHaveDuplicates();
        assertThat(made(slots)).allMatch(slot -> slot.peek(CELL) == 0);
        BiasedSlot mine = entered(slots);
        assertThat(mine.cells()[CELL]).isZero();
        leave(mine);
    }

    @Test
    void slotOfADeadThreadBecomesFreeAndIsClaimedAgain() throws Exception {
        BiasedSlots slots = slots(1, 1);
        BiasedSlot own = onPlatformThread(() -> {
            BiasedSlot slot = entered(slots);
            slot.cells()[CELL] = 7;
            return leave(slot);
        });
        BiasedSlot shared = leave(entered(slots));
        assertThat(shared)
                .as("the only slot belongs to a dead thread that was not detected yet")
                .isNotSameAs(own);
        assertThat(own.peek(CELL)).isEqualTo(7);
        visit(slots, slot -> slot.cells()[CELL] = 0);
        assertThat(leave(entered(slots))).isSameAs(own);
        assertThat(leave(entered(slots))).isSameAs(own);
        assertThat(own.peek(CELL)).isZero();
    }

    @Test
    void slotOfALivingThreadStaysItsOwn() throws Exception {
        BiasedSlots slots = slots(1, 1);
        try (Occupant occupant = new Occupant(slots, false, 1)) {
            visit(slots, slot -> {});
            assertThat(leave(entered(slots))).isNotSameAs(occupant.slot());
        }
    }

    @Test
    void moreThreadsThanSlotsShareWhatIsLeft() throws Exception {
        BiasedSlots slots = slots(1, 1);
        assertThat(slots.slotCount()).isEqualTo(2);
        try (Occupant first = new Occupant(slots, false, 1)) {
            BiasedSlot shared = entered(slots);
            assertThat(shared).isNotSameAs(first.slot());
            assertThat(onPlatformThread(() -> slots.enter() == null))
                    .as("the shared slot is busy")
                    .isTrue();
            shared.cells()[CELL] = 7;
            leave(shared);
            assertThat(onPlatformThread(() -> {
                        BiasedSlot slot = entered(slots);
                        assertThat(slot.cells()[CELL]).isEqualTo(7);
                        return leave(slot);
                    }))
                    .isSameAs(shared);
        }
    }

    @Test
    void virtualThreadsShareSlotsAndClaimNone() throws Exception {
        BiasedSlots slots = slots(1, 2);
        List<BiasedSlot> virtual = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            virtual.add(onVirtualThread(() -> leave(entered(slots))));
        }
        BiasedSlot mine = leave(entered(slots));
        assertThat(virtual).as("the slot of its own was still to be had").doesNotContain(mine);
        BiasedSlot busy = onVirtualThread(() -> entered(slots));
        BiasedSlot other = onVirtualThread(() -> entered(slots));
        assertThat(List.of(busy, other)).doesNotContain(mine).doesNotHaveDuplicates();
        assertThat(onVirtualThread(() -> slots.enter() == null)).isTrue();
    }

    @Test
    void slotThatStaysBusyIsLeftAloneUntilTheNextTime() throws Exception {
        BiasedSlots slots = slots(4, 2);
        leave(entered(slots));
        List<BiasedSlot> visited = new ArrayList<>();
        try (Occupant occupant = new Occupant(slots, true, 1)) {
            assertThat(visit(slots, visited::add)).isEqualTo(1);
            assertThat(visited).hasSize(1).doesNotContain(occupant.slot());
            assertThat(occupant.slot().peek(CELL)).isEqualTo(7);
            assertThat(occupant.slot().isBusy()).isTrue();
            assertThat(slots.isQuiet()).isFalse();
        }
        assertThat(slots.isQuiet()).isTrue();
        visited.clear();
        assertThat(visit(slots, visited::add)).isZero();
        assertThat(visited).hasSize(2).anyMatch(slot -> slot.peek(CELL) == 7);
    }

    @Test
    void sayHowManyTheyAreAndWhoIsInThem() {
        BiasedSlots slots = slots(4, 2);
        slots.suspend();
        assertThat(slots).hasToString("BiasedSlots(owned=4, shared=2, cells=3, revoked=1)");
        slots.resume();
        BiasedSlot slot = entered(slots);
        long me = Thread.currentThread().threadId();
        assertThat(slot).hasToString("BiasedSlot(owner=" + me + ", cells=20, busy)");
        assertThat(leave(slot)).hasToString("BiasedSlot(owner=" + me + ", cells=20)");
    }

    /// A thread that entered a slot, put a 7 there, and lives until it is closed, inside the slot or outside.
    private static final class Occupant implements AutoCloseable {

        private final CountDownLatch end = new CountDownLatch(1);
        private final FutureTask<BiasedSlot> entered;
        private final Thread thread;

        /// @param every power of two; the thread's id is a multiple of it
        Occupant(BiasedSlots slots, boolean stay, int every) throws Exception {
            this.entered = new FutureTask<>(() -> {
                BiasedSlot slot = entered(slots);
                slot.cells()[CELL] = 7;
                return stay ? slot : leave(slot);
            });
            Runnable body = () -> {
                entered.run();
                awaitQuietly(end);
                if (stay) {
                    leave(entered.resultNow());
                }
            };
            Thread candidate = Thread.ofPlatform().unstarted(body);
            while (candidate.threadId() % every != 0) {
                candidate = Thread.ofPlatform().unstarted(body);
            }
            this.thread = candidate;
            thread.start();
            slot();
        }

        BiasedSlot slot() throws Exception {
            return entered.get(300, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            end.countDown();
            joinQuietly(thread);
        }
    }

    private BiasedSlots slots(int claimable, int shared) {
        return new BiasedSlots(claimable, shared, CELLS, fenced);
    }

    private static List<BiasedSlot> made(BiasedSlots slots) {
        List<BiasedSlot> made = new ArrayList<>();
        slots.forEach(made::add);
        return made;
    }

    private static int visit(BiasedSlots slots, Consumer<BiasedSlot> visitor) {
        slots.suspend();
        try {
            return slots.visit(visitor);
        } finally {
            slots.resume();
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very cells
    private static BiasedSlot entered(BiasedSlots slots) {
        int[] cells = Objects.requireNonNull(slots.enter(), "no slot");
        return made(slots).stream()
                .filter(slot -> slot.cells() == cells)
                .findFirst()
                .orElseThrow();
    }

    private static BiasedSlot leave(BiasedSlot slot) {
        BiasedSlots.exit(slot.cells());
        return slot;
    }

    private static <T> T onPlatformThread(Callable<T> body) throws Exception {
        return on(Thread.ofPlatform(), body);
    }

    private static <T> T onVirtualThread(Callable<T> body) throws Exception {
        return on(Thread.ofVirtual(), body);
    }

    private static <T> T on(Thread.Builder builder, Callable<T> body) throws Exception {
        FutureTask<T> task = new FutureTask<>(body);
        builder.start(task).join();
        return task.get();
    }

    private static void joinQuietly(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
