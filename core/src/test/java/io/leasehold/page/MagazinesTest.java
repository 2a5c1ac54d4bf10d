package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.BiasedSlots;
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

/// The magazines in the slots of threads. No two threads use one slot here, so no barrier is needed. [BiasedSlots] has
/// tests of the barrier.
@ParameterizedClass(name = "fenced={0}")
@ValueSource(booleans = {true, false})
@Timeout(600)
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
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        int[] cells = entered(magazines);
        assertThat(pop(cells, 0)).isEqualTo(-1);
        assertThat(Magazines.push(cells, 0, 7)).isTrue();
        assertThat(Magazines.push(cells, 0, 0)).isTrue();
        assertThat(Magazines.push(cells, 2, 40)).isTrue();
        assertThat(pop(cells, 0)).isZero();
        assertThat(pop(cells, 0)).isEqualTo(7);
        assertThat(pop(cells, 0)).isEqualTo(-1);
        assertThat(pop(cells, 1)).isEqualTo(-1);
        assertThat(pop(cells, 2)).isEqualTo(40);
        BiasedSlots.exit(cells);
    }

    @Test
    void fullClassTakesNoMoreAndLeavesItsNeighboursAlone() {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        int[] cells = entered(magazines);
        for (int c = 0; c < Magazines.CLASSES; c++) {
            for (int i = 0; i < magazines.capacity(c); i++) {
                assertThat(Magazines.push(cells, c, 1000 * c + i)).isTrue();
            }
            assertThat(Magazines.push(cells, c, 999)).isFalse();
        }
        for (int c = 0; c < Magazines.CLASSES; c++) {
            for (int i = magazines.capacity(c) - 1; i >= 0; i--) {
                assertThat(pop(cells, c)).isEqualTo(1000 * c + i);
            }
            assertThat(pop(cells, c)).isEqualTo(-1);
        }
        BiasedSlots.exit(cells);
    }

    @Test
    void olderHalfIsTakenInOrderAndTheYoungerStaysInOrder() {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        int[] cells = entered(magazines);
        for (int i = 0; i < 5; i++) {
            Magazines.push(cells, 0, 10 + i);
        }
        int[] out = new int[Integer.SIZE];
        assertThat(Magazines.takeOlderHalf(cells, 0, out)).isEqualTo(3);
        assertThat(out).startsWith(10, 11, 12);
        assertThat(pop(cells, 0)).isEqualTo(14);
        assertThat(pop(cells, 0)).isEqualTo(13);
        assertThat(pop(cells, 0)).isEqualTo(-1);
        assertThat(Magazines.takeOlderHalf(cells, 0, out)).isZero();
        Magazines.push(cells, 0, 20);
        assertThat(Magazines.takeOlderHalf(cells, 0, out)).isEqualTo(1);
        assertThat(out[0]).isEqualTo(20);
        BiasedSlots.exit(cells);
    }

    @Test
    void drainEmptiesEverySlot() throws Exception {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        Callable<int[]> fill = () -> {
            int[] cells = entered(magazines);
            int first = (int) Thread.currentThread().threadId() * 100;
            Magazines.push(cells, 0, first);
            Magazines.push(cells, 0, first + 1);
            Magazines.push(cells, 4, first + 16);
            return leave(cells);
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
        int[] cells = entered(magazines);
        assertThat(pop(cells, 0)).isEqualTo(-1);
        assertThat(pop(cells, 4)).isEqualTo(-1);
        BiasedSlots.exit(cells);
    }

    @Test
    void drainReportsTheLengthOfEachRun() {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        int[] cells = entered(magazines);
        for (int c = 0; c < Magazines.CLASSES; c++) {
            Magazines.push(cells, c, 100 + c);
        }
        BiasedSlots.exit(cells);
        List<String> drained = new ArrayList<>();
        drain(magazines, (page, pageCount) -> drained.add(page + "+" + pageCount));
        assertThat(drained).containsExactlyInAnyOrder("100+1", "101+2", "102+4", "103+8", "104+16");
    }

    @Test
    void runWithoutSpaceIsDeferredAndCountedUntilItIsTaken() {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        int[] cells = entered(magazines);
        assertThat(Magazines.takesAny(cells)).isTrue();
        assertThat(Magazines.pushOrDefer(cells, 7, 1)).isTrue();
        assertThat(Magazines.takesAny(cells)).isTrue();
        assertThat(Magazines.pushOrDefer(cells, 100, 17)).isFalse();
        assertThat(Magazines.takesAny(cells)).isFalse();
        assertThat(magazines.cachedPages()).isEqualTo(18);
        assertThat(Magazines.deferredPages(cells)).isEqualTo(17);
        assertThat(Magazines.takeDeferred(cells)).isEqualTo(100);
        assertThat(Magazines.takesAny(cells)).isTrue();
        assertThat(magazines.cachedPages()).isEqualTo(1);
        for (int i = 1; i < magazines.capacity(0); i++) {
            assertThat(Magazines.pushOrDefer(cells, 7 + i, 1)).isTrue();
        }
        assertThat(Magazines.pushOrDefer(cells, 99, 1)).isFalse();
        assertThat(Magazines.deferredPages(cells)).isEqualTo(1);
        BiasedSlots.exit(cells);
    }

    @Test
    void drainTakesADeferredRunFromASlotWithoutOthers() {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        int[] cells = entered(magazines);
        Magazines.pushOrDefer(cells, 100, 24);
        assertThat(Magazines.isEmpty(cells)).isFalse();
        BiasedSlots.exit(cells);
        List<String> drained = new ArrayList<>();
        drain(magazines, (page, pageCount) -> drained.add(page + "+" + pageCount));
        assertThat(drained).containsExactly("100+24");
        assertThat(magazines.cachedPages()).isZero();
    }

    @Test
    void shutSlotTakesNoRun() {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        int[] cells = Objects.requireNonNull(magazines.slots().enter(), "no slot");
        assertThat(Magazines.takesAny(cells)).isFalse();
        BiasedSlots.exit(cells);
    }

    @Test
    void newSlotIsShutUntilItIsOpenedAndAgainAfterADrain() {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        for (int round = 0; round < 2; round++) {
            int[] cells = Objects.requireNonNull(magazines.slots().enter(), "no slot");
            assertThat(Magazines.push(cells, 0, 1)).isFalse();
            assertThat(magazines.areOpen()).isFalse();
            assertThat(magazines.open(cells)).isTrue();
            assertThat(magazines.open(cells)).isFalse();
            assertThat(magazines.areOpen()).isTrue();
            assertThat(Magazines.push(cells, 0, 1)).isTrue();
            BiasedSlots.exit(cells);
            drain(magazines, (page, pageCount) -> {});
        }
        assertThat(magazines.areOpen()).isFalse();
    }

    @Test
    void slotThatStaysBusyIsLeftAloneUntilTheNextTime() throws Exception {
        Magazines magazines = magazines(MANY_PAGES, PAGE_BYTES);
        List<Integer> drained = new ArrayList<>();
        try (Occupant _ = new Occupant(magazines)) {
            assertThat(drain(magazines, (page, pageCount) -> drained.add(page))).isEqualTo(1);
            assertThat(drained).isEmpty();
            assertThat(magazines.cachedPages()).isEqualTo(1);
            assertThat(magazines.slots().isQuiet()).isFalse();
        }
        assertThat(drain(magazines, (page, pageCount) -> drained.add(page))).isZero();
        assertThat(drained).containsExactly(7);
    }

    /// A thread that enters a slot, pushes page 7, and stays in the slot until it is closed.
    private static final class Occupant implements AutoCloseable {

        private final CountDownLatch end = new CountDownLatch(1);
        private final FutureTask<int[]> entered;
        private final Thread thread;

        Occupant(Magazines magazines) throws Exception {
            this.entered = new FutureTask<>(() -> {
                int[] cells = entered(magazines);
                Magazines.push(cells, 0, 7);
                return cells;
            });
            this.thread = Thread.ofPlatform().start(() -> {
                entered.run();
                awaitQuietly(end);
                BiasedSlots.exit(entered.resultNow());
            });
            entered.get(300, TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            end.countDown();
            joinQuietly(thread);
        }
    }

    private Magazines magazines(int pageCount, long pageByteSize) {
        return new Magazines(fenced, pageCount, pageByteSize);
    }

    private List<Integer> capacities(int pageCount, long pageByteSize) {
        Magazines magazines = magazines(pageCount, pageByteSize);
        List<Integer> capacities = new ArrayList<>();
        for (int c = 0; c < Magazines.CLASSES; c++) {
            capacities.add(magazines.capacity(c));
        }
        return capacities;
    }

    /// Receives the runs of a drain.
    private interface RunSink {
        void accept(int page, int pageCount);
    }

    private static int drain(Magazines magazines, RunSink sink) {
        magazines.slots().suspend();
        try {
            return magazines.drain((runs, counts) -> {
                int at = 0;
                for (int c = 0; c < Magazines.CLASSES; c++) {
                    for (int end = at + counts[c]; at < end; at++) {
                        sink.accept(runs[at], 1 << c);
                    }
                }
                if (counts[Magazines.CLASSES] > 0) {
                    sink.accept(runs[at], counts[Magazines.CLASSES]);
                }
            });
        } finally {
            magazines.slots().resume();
        }
    }

    private static int[] entered(Magazines magazines) {
        int[] cells = Objects.requireNonNull(magazines.slots().enter(), "no slot");
        magazines.open(cells);
        return cells;
    }

    private static int[] leave(int[] cells) {
        BiasedSlots.exit(cells);
        return cells;
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

    private static int pop(int[] cells, int runClass) {
        int depth = Magazines.depth(cells, runClass);
        if (depth == 0) {
            return Magazines.NONE;
        }
        int run = Magazines.top(cells, runClass, depth);
        Magazines.pop(cells, runClass, depth);
        return run;
    }
}
