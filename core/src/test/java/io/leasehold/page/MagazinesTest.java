package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Magazines with and without a fence in their owners; the barrier that stands in for the fence is not needed here,
/// where no two threads meet in one slot, see [MagazinesHandshakeTest].
@ParameterizedClass(name = "fenced={0}")
@ValueSource(booleans = {true, false})
@Timeout(60)
class MagazinesTest {

    private static final int MANY_PAGES = 1 << 20;
    private static final int PAGE_BYTES = 4096;

    private final boolean fenced;

    MagazinesTest(boolean fenced) {
        this.fenced = fenced;
    }

    @Test
    void capacityIsBoundedByBytesAndByASixteenthOfTheArena() {
        assertThat(capacities(MANY_PAGES, 4096)).containsExactly(32, 16, 8, 4, 2);
        assertThat(capacities(MANY_PAGES, 16 << 10)).containsExactly(8, 4, 2, 1, 0);
        assertThat(capacities(MANY_PAGES, 64 << 10)).containsExactly(2, 1, 0, 0, 0);
        assertThat(capacities(MANY_PAGES, 2 << 20)).containsOnly(0);
        assertThat(capacities(64, 4096)).containsExactly(4, 2, 1, 0, 0);
        assertThat(capacities(15, 4096)).containsOnly(0);
    }

    @Test
    void classesAreThePowersOfTwoUpToSixteen() {
        assertThat(List.of(1, 2, 4, 8, 16).stream().map(Magazines::classOf)).containsExactly(0, 1, 2, 3, 4);
        assertThat(List.of(3, 5, 15, 17, 32, 1 << 20).stream().map(Magazines::classOf))
                .containsOnly(-1);
    }

    @Test
    void runsComeBackInReverseOrder() {
        Magazines magazines = magazines(4, 2);
        MagazineSlot slot = entered(magazines);
        assertThat(slot.pop(0)).isEqualTo(-1);
        assertThat(slot.push(0, 7)).isTrue();
        assertThat(slot.push(0, 0)).isTrue();
        assertThat(slot.push(2, 40)).isTrue();
        assertThat(slot.pop(0)).isZero();
        assertThat(slot.pop(0)).isEqualTo(7);
        assertThat(slot.pop(0)).isEqualTo(-1);
        assertThat(slot.pop(1)).isEqualTo(-1);
        assertThat(slot.pop(2)).isEqualTo(40);
        slot.exit();
    }

    @Test
    void fullClassTakesNoMoreAndLeavesItsNeighboursAlone() {
        Magazines magazines = magazines(4, 2);
        MagazineSlot slot = entered(magazines);
        for (int c = 0; c < MagazineSlot.CLASSES; c++) {
            for (int i = 0; i < magazines.capacity(c); i++) {
                assertThat(slot.push(c, 1000 * c + i)).isTrue();
            }
            assertThat(slot.push(c, 999)).isFalse();
        }
        for (int c = 0; c < MagazineSlot.CLASSES; c++) {
            for (int i = magazines.capacity(c) - 1; i >= 0; i--) {
                assertThat(slot.pop(c)).isEqualTo(1000 * c + i);
            }
            assertThat(slot.pop(c)).isEqualTo(-1);
        }
        slot.exit();
    }

    @Test
    void olderHalfIsTakenInOrderAndTheYoungerStaysInOrder() {
        Magazines magazines = magazines(4, 2);
        MagazineSlot slot = entered(magazines);
        for (int i = 0; i < 5; i++) {
            slot.push(0, 10 + i);
        }
        int[] out = new int[Integer.SIZE];
        assertThat(slot.takeOlderHalf(0, out)).isEqualTo(3);
        assertThat(out).startsWith(10, 11, 12);
        assertThat(slot.pop(0)).isEqualTo(14);
        assertThat(slot.pop(0)).isEqualTo(13);
        assertThat(slot.pop(0)).isEqualTo(-1);
        assertThat(slot.takeOlderHalf(0, out)).isZero();
        slot.push(0, 20);
        assertThat(slot.takeOlderHalf(0, out)).isEqualTo(1);
        assertThat(out[0]).isEqualTo(20);
        slot.exit();
    }

    @Test
    void threadComesBackToItsSlotAndFindsWhatItLeft() throws Exception {
        Magazines magazines = magazines(4, 2);
        MagazineSlot mine = entered(magazines);
        mine.push(0, 7);
        mine.exit();
        MagazineSlot other = onPlatformThread(() -> {
            MagazineSlot slot = entered(magazines);
            assertThat(slot.pop(0)).isEqualTo(-1);
            return leave(slot);
        });
        assertThat(other).isNotSameAs(mine);
        assertThat(entered(magazines)).isEqualTo(mine);
        assertThat(mine.pop(0)).isEqualTo(7);
        mine.exit();
    }

    @Test
    void suspendedMagazinesAreShutUntilTheLastResume() throws Exception {
        Magazines magazines = magazines(4, 2);
        entered(magazines).exit();
        magazines.suspend();
        magazines.suspend();
        assertThat(magazines.enter()).isNull();
        assertThat(onVirtualThread(() -> magazines.enter() == null)).isTrue();
        magazines.resume();
        assertThat(magazines.enter()).isNull();
        magazines.resume();
        entered(magazines).exit();
        onVirtualThread(() -> leave(entered(magazines)));
    }

    @Test
    void drainBringsAllHomeFromEverySlot() throws Exception {
        Magazines magazines = magazines(4, 2);
        Callable<MagazineSlot> fill = () -> {
            MagazineSlot slot = entered(magazines);
            int first = (int) Thread.currentThread().threadId() * 100;
            slot.push(0, first);
            slot.push(0, first + 1);
            slot.push(4, first + 16);
            return leave(slot);
        };
        fill.call();
        onPlatformThread(fill);
        onVirtualThread(fill);
        assertThat(magazines.cachedPages()).isEqualTo(3 * 18);
        List<Integer> singles = new ArrayList<>();
        List<Integer> runs = new ArrayList<>();
        assertThat(drain(magazines, (page, pageCount) -> (pageCount == 1 ? singles : runs).add(page)))
                .isZero();
        assertThat(singles).hasSize(6).doesNotHaveDuplicates();
        assertThat(runs).hasSize(3).doesNotHaveDuplicates();
        assertThat(magazines.cachedPages()).isZero();
        MagazineSlot slot = entered(magazines);
        assertThat(slot.pop(0)).isEqualTo(-1);
        assertThat(slot.pop(4)).isEqualTo(-1);
        slot.exit();
    }

    @Test
    void drainTellsHowManyPagesARunHas() {
        Magazines magazines = magazines(4, 2);
        MagazineSlot slot = entered(magazines);
        for (int c = 0; c < MagazineSlot.CLASSES; c++) {
            slot.push(c, 100 + c);
        }
        slot.exit();
        List<String> home = new ArrayList<>();
        drain(magazines, (page, pageCount) -> home.add(page + "+" + pageCount));
        assertThat(home).containsExactlyInAnyOrder("100+1", "101+2", "102+4", "103+8", "104+16");
    }

    @Test
    void slotOfADeadThreadBecomesFreeAndIsClaimedAgain() throws Exception {
        Magazines magazines = magazines(1, 1);
        MagazineSlot own = onPlatformThread(() -> {
            MagazineSlot slot = entered(magazines);
            slot.push(0, 7);
            return leave(slot);
        });
        MagazineSlot shared = leave(entered(magazines));
        assertThat(shared)
                .as("the only slot belongs to a thread that nobody knows is dead")
                .isNotSameAs(own);
        List<Integer> home = new ArrayList<>();
        drain(magazines, (page, pageCount) -> home.add(page));
        assertThat(home).containsExactly(7);
        assertThat(leave(entered(magazines))).isSameAs(own);
        assertThat(leave(entered(magazines))).isSameAs(own);
    }

    @Test
    void slotOfALivingThreadStaysItsOwn() throws Exception {
        Magazines magazines = magazines(1, 1);
        try (Occupant occupant = new Occupant(magazines, false)) {
            drain(magazines, (page, pageCount) -> {});
            assertThat(leave(entered(magazines))).isNotSameAs(occupant.slot());
        }
    }

    @Test
    void moreThreadsThanSlotsShareWhatIsLeft() throws Exception {
        Magazines magazines = magazines(1, 1);
        assertThat(magazines.slotCount()).isEqualTo(2);
        try (Occupant first = new Occupant(magazines, false)) {
            MagazineSlot shared = entered(magazines);
            assertThat(shared).isNotSameAs(first.slot());
            assertThat(onPlatformThread(() -> magazines.enter() == null))
                    .as("the shared slot is busy")
                    .isTrue();
            shared.push(0, 7);
            shared.exit();
            assertThat(onPlatformThread(() -> {
                        MagazineSlot slot = entered(magazines);
                        assertThat(slot.pop(0)).isEqualTo(7);
                        return leave(slot);
                    }))
                    .isSameAs(shared);
        }
    }

    @Test
    void virtualThreadsShareSlotsAndClaimNone() throws Exception {
        Magazines magazines = magazines(1, 2);
        List<MagazineSlot> slots = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            slots.add(onVirtualThread(() -> leave(entered(magazines))));
        }
        MagazineSlot mine = leave(entered(magazines));
        assertThat(slots).as("the slot of its own was still to be had").doesNotContain(mine);
        MagazineSlot busy = onVirtualThread(() -> entered(magazines));
        MagazineSlot other = onVirtualThread(() -> entered(magazines));
        assertThat(List.of(busy, other)).doesNotContain(mine).doesNotHaveDuplicates();
        assertThat(onVirtualThread(() -> magazines.enter() == null)).isTrue();
    }

    @Test
    void slotThatStaysBusyIsLeftAloneUntilTheNextTime() throws Exception {
        Magazines magazines = magazines(4, 2);
        List<Integer> home = new ArrayList<>();
        try (Occupant occupant = new Occupant(magazines, true)) {
            assertThat(drain(magazines, (page, pageCount) -> home.add(page))).isEqualTo(1);
            assertThat(home).isEmpty();
            assertThat(magazines.cachedPages()).isEqualTo(1);
            assertThat(occupant.slot().isBusy()).isTrue();
        }
        assertThat(drain(magazines, (page, pageCount) -> home.add(page))).isZero();
        assertThat(home).containsExactly(7);
    }

    /// A thread that entered a slot, put page 7 there, and lives until it is closed, inside the slot or outside.
    private static final class Occupant implements AutoCloseable {

        private final CountDownLatch end = new CountDownLatch(1);
        private final FutureTask<MagazineSlot> entered;
        private final Thread thread;

        Occupant(Magazines magazines, boolean stay) throws Exception {
            this.entered = new FutureTask<>(() -> {
                MagazineSlot slot = entered(magazines);
                slot.push(0, 7);
                return stay ? slot : leave(slot);
            });
            this.thread = Thread.ofPlatform().start(() -> {
                entered.run();
                awaitQuietly(end);
                if (stay) {
                    entered.resultNow().exit();
                }
            });
            slot();
        }

        MagazineSlot slot() throws Exception {
            return entered.get(30, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            end.countDown();
            joinQuietly(thread);
        }
    }

    private Magazines magazines(int claimable, int shared) {
        return magazines(claimable, shared, MANY_PAGES, PAGE_BYTES);
    }

    private Magazines magazines(int claimable, int shared, int pageCount, long pageByteSize) {
        return new Magazines(claimable, shared, fenced, pageCount, pageByteSize);
    }

    private List<Integer> capacities(int pageCount, long pageByteSize) {
        Magazines magazines = magazines(1, 1, pageCount, pageByteSize);
        List<Integer> capacities = new ArrayList<>();
        for (int c = 0; c < MagazineSlot.CLASSES; c++) {
            capacities.add(magazines.capacity(c));
        }
        return capacities;
    }

    private static int drain(Magazines magazines, Magazines.FreeRunSink sink) {
        magazines.suspend();
        try {
            return magazines.drain(sink);
        } finally {
            magazines.resume();
        }
    }

    private static MagazineSlot entered(Magazines magazines) {
        return Objects.requireNonNull(magazines.enter(), "no slot");
    }

    private static MagazineSlot leave(MagazineSlot slot) {
        slot.exit();
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
