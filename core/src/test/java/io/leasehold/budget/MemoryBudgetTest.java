package io.leasehold.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(600)
class MemoryBudgetTest {

    private static final long MIB = 1 << 20;
    private static final long GIB = 1 << 30;
    private static final int ROUNDS = 100_000;

    @Test
    void boundIsExact() {
        MemoryBudget budget = MemoryBudget.of("network", 100);
        assertThat(budget.tryReserve(60)).isTrue();
        assertThat(budget.tryReserve(41)).isFalse();
        assertThat(budget.tryReserve(40)).isTrue();
        assertThat(budget.usedBytes()).isEqualTo(100);
        assertThat(budget.tryReserve(1)).isFalse();
        assertThat(budget.tryReserve(0)).isTrue();
        budget.release(1);
        assertThat(budget.tryReserve(1)).isTrue();
    }

    @Test
    void requestNearTheGreatestNumberDoesNotWrapAround() {
        MemoryBudget budget = MemoryBudget.of("network", Long.MAX_VALUE);
        assertThat(budget.tryReserve(2)).isTrue();
        assertThat(budget.tryReserve(Long.MAX_VALUE)).isFalse();
        assertThat(budget.tryReserve(Long.MAX_VALUE - 1)).isFalse();
        assertThat(budget.usedBytes()).isEqualTo(2);
        assertThat(budget.tryReserve(Long.MAX_VALUE - 2)).isTrue();
    }

    /// One user must not take it from all others.
    @Test
    void budgetOfTheProcessCannotBeClosed() {
        MemoryBudget process = MemoryBudget.process();
        process.close();
        assertThat(process.tryReserve(1)).isTrue();
        process.release(1);
    }

    @Test
    void closedBudgetRefusesEvenNoBytes() {
        MemoryBudget budget = MemoryBudget.of("closed", 100);
        budget.close();
        assertThatThrownBy(() -> budget.tryReserve(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("budget is closed: budget=closed");
    }

    @Test
    void boundOfZeroRefusesEverything() {
        assertThat(MemoryBudget.of("nothing", 0).tryReserve(1)).isFalse();
    }

    @Test
    void childTakesWhatItUsesFromItsParentToo() {
        MemoryBudget parent = MemoryBudget.of("process", 100);
        MemoryBudget first = parent.child("first", 80);
        MemoryBudget second = parent.child("second", 80);
        assertThat(first.tryReserve(70)).isTrue();
        assertThat(second.tryReserve(30)).isTrue();
        assertThat(parent.usedBytes()).isEqualTo(100);
        first.release(20);
        assertThat(parent.usedBytes()).isEqualTo(80);
        assertThat(second.tryReserve(20)).isTrue();
        assertThat(second.usedBytes()).isEqualTo(50);
    }

    @Test
    void refusalAboveChangesNothingHereAndAbove() {
        MemoryBudget top = MemoryBudget.of("top", 100);
        MemoryBudget middle = top.child("middle", 1000);
        MemoryBudget bottom = middle.child("bottom", 1000);
        assertThat(bottom.tryReserve(90)).isTrue();
        assertThat(bottom.tryReserve(11)).isFalse();
        assertThat(List.of(top.usedBytes(), middle.usedBytes(), bottom.usedBytes()))
                .containsOnly(90L);
        assertThat(List.of(top.peakBytes(), middle.peakBytes(), bottom.peakBytes()))
                .containsOnly(90L);
        assertThat(List.of(top.refusals(), middle.refusals(), bottom.refusals()))
                .containsOnly(1L);
    }

    @Test
    void refusalHereIsNotSeenAbove() {
        MemoryBudget parent = MemoryBudget.of("process", 100);
        MemoryBudget child = parent.child("network", 10);
        assertThat(child.tryReserve(11)).isFalse();
        assertThat(child.refusals()).isEqualTo(1);
        assertThat(parent.refusals()).isZero();
        assertThat(parent.usedBytes()).isZero();
    }

    @Test
    void peakIsTheMostThatWasTakenAtOneTime() {
        MemoryBudget budget = MemoryBudget.of("network", 100);
        assertThat(budget.tryReserve(70)).isTrue();
        budget.release(50);
        assertThat(budget.tryReserve(30)).isTrue();
        assertThat(budget.usedBytes()).isEqualTo(50);
        assertThat(budget.peakBytes()).isEqualTo(70);
    }

    @Test
    void releasingMoreThanWasTakenIsAnErrorThatChangesNothing() {
        MemoryBudget parent = MemoryBudget.of("process", 100);
        MemoryBudget child = parent.child("network", 100);
        assertThat(parent.tryReserve(50)).isTrue();
        assertThat(child.tryReserve(10)).isTrue();
        assertThatThrownBy(() -> child.release(11))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("released more than was reserved: budget=process/network, bytes=11, used=10");
        assertThat(child.usedBytes()).isEqualTo(10);
        assertThat(parent.usedBytes()).isEqualTo(60);
    }

    @Test
    void negativeNumbersAreRejected() {
        MemoryBudget budget = MemoryBudget.of("network", 100);
        assertThatThrownBy(() -> budget.tryReserve(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bytes is negative: budget=network, bytes=-1, min=0");
        assertThatThrownBy(() -> budget.release(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bytes is negative: budget=network, bytes=-1, min=0");
        assertThatThrownBy(() -> MemoryBudget.of("network", -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteLimit is too low: byteLimit=-1, min=0");
        assertThatThrownBy(() -> budget.child("cache", -1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(budget.usedBytes()).isZero();
        assertThat(budget.report()).isEqualTo("network 0 of 100 B");
    }

    @Test
    void reportNamesTheLargestFirstAtEachLevel() {
        MemoryBudget process = MemoryBudget.of("process", 16 * MIB);
        MemoryBudget small = process.child("cache", 8 * MIB);
        MemoryBudget large = process.child("network", 12 * MIB);
        MemoryBudget below = large.child("ring", 4 * MIB);
        assertThat(small.tryReserve(1000)).isTrue();
        assertThat(below.tryReserve(1_234_567)).isTrue();
        assertThat(process.report())
                .isEqualTo("process 1,235,567 of 16,777,216 B (network 1,234,567 of 12,582,912 B"
                        + " (ring 1,234,567 of 4,194,304 B), cache 1,000 of 8,388,608 B)");
        assertThat(process).hasToString(process.report());
        assertThat(small.tryReserve(2 * MIB)).isTrue();
        assertThat(process.report()).contains("(cache 2,098,152 of 8,388,608 B, network 1,234,567 of");
    }

    @Test
    void reportOfAMessageNamesTheLargestOnly() {
        MemoryBudget process = MemoryBudget.of("process", 100);
        MemoryBudget large = process.child("network", 50);
        MemoryBudget below = large.child("ring", 40);
        for (int i = 0; i < 3; i++) {
            assertThat(process.child("cache", 10).tryReserve(1)).isTrue();
        }
        large.child("idle", 40);
        assertThat(below.tryReserve(9)).isTrue();

        assertThat(process.report(1)).isEqualTo("process 12 of 100 B (and 4 more)");
        assertThat(process.report(2)).isEqualTo("process 12 of 100 B (network 9 of 50 B (and 2 more), and 3 more)");
        assertThat(process.report(4))
                .isEqualTo("process 12 of 100 B (network 9 of 50 B (ring 9 of 40 B, idle 0 of 40 B), and 3 more)");
        assertThat(process.report(7)).isEqualTo(process.report()).contains("cache#3 1 of 10 B");
    }

    @Test
    void reportReadsAlikeInEveryLanguage() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG"));
            assertThat(MemoryBudget.of("network", 1_234_567).report()).isEqualTo("network 0 of 1,234,567 B");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void closingInUseIsRefusedAndNamesWhoHoldsTheBytes() {
        MemoryBudget parent = MemoryBudget.of("process", 100);
        MemoryBudget child = parent.child("network", 50);
        assertThat(child.tryReserve(7)).isTrue();
        assertThatThrownBy(child::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("budget is in use: network 7 of 50 B");
        assertThatThrownBy(parent::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("budget is in use: process 7 of 100 B (network 7 of 50 B)");
        child.release(7);
        child.close();
        assertThat(parent.report()).isEqualTo("process 0 of 100 B");
    }

    @Test
    void closedChildLeavesItsSiblingsInTheReport() {
        MemoryBudget parent = MemoryBudget.of("process", 100);
        MemoryBudget first = parent.child("twin", 1);
        parent.child("twin", 2);
        first.close();
        assertThat(parent.report()).isEqualTo("process 0 of 100 B (twin#2 0 of 2 B)");
    }

    @Test
    void nameAndLimitAreThoseGiven() {
        MemoryBudget budget = MemoryBudget.of("network", 7);
        assertThat(budget.name()).isEqualTo("network");
        assertThat(budget.byteLimit()).isEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource({
        // limit, heap, expected: the margin is a tenth of the limit, but no less than 128 MiB
        "10240, 2048, 7168",
        "1280, 256, 896",
        "1000, 256, 616",
        "512, 256, 128",
        "400, 256, 72",
        "256, 126, 65",
        "512, 384, 64",
        "288, 256, 16"
    })
    void defaultIsTheLimitLessHeapLessMargin(long limitMib, long heapMib, long expectedMib) {
        assertThat(ProcessBudget.byteLimit(limitMib * MIB, heapMib * MIB)).isEqualTo(expectedMib * MIB);
    }

    @Test
    void budgetThatRefusesFirstIsFound() {
        MemoryBudget above = MemoryBudget.of("above", 100);
        MemoryBudget budget = above.child("budget", 60);
        MemoryBudget other = above.child("other", 90);
        assertThat(refusing(budget, 60)).isNull();
        assertThat(refusing(budget, 61)).isSameAs(budget);
        assertThat(other.tryReserve(50)).isTrue();
        assertThat(refusing(budget, 50)).isNull();
        assertThat(refusing(budget, 51)).isSameAs(above);
        assertThat(refusing(budget, 61)).isSameAs(budget);
        assertThat(budget.top()).isSameAs(above);
        assertThat(above.top()).isSameAs(above);
    }

    @Test
    void blankNamesAreRefused() {
        assertThatThrownBy(() -> MemoryBudget.of(" ", 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("name is blank: name=\" \"");
        MemoryBudget above = MemoryBudget.of("above", 1);
        assertThatThrownBy(() -> above.child("", 1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(above.report()).isEqualTo("above 0 of 1 B");
    }

    @Test
    void defaultIsRefusedOneByteBelowTheLeastUse() {
        long heap = 256 * MIB;
        assertThat(ProcessBudget.byteLimit(288 * MIB, heap)).isEqualTo(ProcessBudget.MIN_BYTES);
        assertThatThrownBy(() -> ProcessBudget.byteLimit(288 * MIB - 2, heap))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no room for off-heap memory: a limit of 301,989,886 B less a maximum heap of 268,435,456 B"
                        + " less a margin of 16,777,215 B leaves 16,777,215 B, and at least 16,777,216 B are needed;"
                        + " lower -Xmx, raise the limit, or give the arena a budget of its own");
    }

    @Test
    void defaultIsRefusedWhereTheHeapIsLargerThanTheLimit() {
        assertThatThrownBy(() -> ProcessBudget.byteLimit(GIB, 4 * GIB))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("no room for off-heap memory: a limit of 1,073,741,824 B")
                .hasMessageContaining("leaves -3,221,225,472 B");
    }

    @Test
    void defaultFitsAMachineWithoutALimit() {
        assertThat(ProcessBudget.byteLimit(Long.MAX_VALUE, GIB)).isEqualTo(Long.MAX_VALUE - Long.MAX_VALUE / 10 - GIB);
    }

    @Test
    void processBudgetIsOneAndHasTheDefaultLimit() {
        long maxHeap = Runtime.getRuntime().maxMemory();
        long limit = VirtualMemory.system().memoryLimit();
        TestMemory.require(limit - maxHeap > GIB, "this machine leaves too little beside the heap");
        assertThat(MemoryBudget.process()).isSameAs(MemoryBudget.process());
        assertThat(MemoryBudget.process().name()).isEqualTo("process");
        assertThat(MemoryBudget.process().byteLimit()).isEqualTo(ProcessBudget.byteLimit(limit, maxHeap));
    }

    @Test
    void sumIsNeverOverTheBoundWhileManyThreadsTakeAndGiveBack() throws InterruptedException {
        MemoryBudget parent = MemoryBudget.of("process", 1000);
        List<MemoryBudget> children = List.of(parent.child("first", 700), parent.child("second", 700));
        List<AtomicLong> held = List.of(new AtomicLong(), new AtomicLong(), new AtomicLong());
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        SplittableRandom seeds = Seeds.random("MemoryBudgetTest");
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            SplittableRandom random = seeds.split();
            threads.add(Thread.ofPlatform().start(() -> {
                // until each bound was met: with luck one thread is done before the next begins
                for (int round = 0; round < ROUNDS || !areMet(children); round++) {
                    int which = random.nextInt(2);
                    long bytes = random.nextLong(500);
                    if (children.get(which).tryReserve(bytes)) {
                        // added after the bytes were taken and taken off before they go: never more than is used
                        long here = held.get(which).addAndGet(bytes);
                        long above = held.get(2).addAndGet(bytes);
                        if (here > 700 || above > 1000) {
                            wrong.add("here=" + here + ", above=" + above);
                        }
                        if (random.nextInt(8) == 0) {
                            Thread.yield();
                        }
                        held.get(2).addAndGet(-bytes);
                        held.get(which).addAndGet(-bytes);
                        children.get(which).release(bytes);
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isEmpty();
        assertThat(parent.usedBytes()).isZero();
        assertThat(children).allSatisfy(child -> {
            assertThat(child.usedBytes()).isZero();
            assertThat(child.peakBytes()).isBetween(1L, 700L);
        });
        assertThat(parent.peakBytes()).isBetween(1L, 1000L);
    }

    private static @Nullable MemoryBudget refusing(MemoryBudget budget, long bytes) {
        BudgetRefusal refusal = budget.refusal(bytes);
        return refusal == null ? null : refusal.refusing();
    }

    private static boolean areMet(List<MemoryBudget> bounds) {
        return bounds.stream().allMatch(bound -> bound.refusals() > 0);
    }
}
