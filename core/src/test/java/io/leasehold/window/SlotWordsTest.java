package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.Watchdog;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Pins in thread cells: their sum is right whichever thread ends them, and a pinned slot is never taken.
class SlotWordsTest {

    private static final int SLOTS = 3;
    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 100_000_000 : 1_000_000;

    /// More pins than a thread counts in its cells.
    private static final int MANY = (1 << 20) + 9;

    private final WindowTable table = new WindowTable();

    @ParameterizedTest
    @ValueSource(ints = {0, 1_500}) // the second has no cells
    void pinIsEndedByAnyThread(int slot) throws InterruptedException {
        SlotWords words = open(2_000);
        assertThat(words.tryPin(slot, table, slot)).isTrue();
        assertThat(words.tryPin(slot, table, slot)).isTrue();
        inAnotherThread(() -> words.unpin(slot));
        assertThat(pins(words, slot)).isEqualTo(1);
        assertThat(tryTake(words, slot)).isFalse();
        inAnotherThread(() -> words.unpin(slot));
        assertThat(pins(words, slot)).isZero();
        assertThat(tryTake(words, slot)).isTrue();
        assertThat(words.tryPin(slot, table, slot)).isFalse();
    }

    @Test
    void onlyThePartThatIsThereIsPinned() {
        SlotWords words = open(SLOTS);
        assertThat(words.tryPin(1, table, 2)).isFalse();
        assertThat(words.tryPin(1, new WindowTable(), 1)).isFalse();
        assertThat(pins(words, 1)).isZero();
    }

    @Test
    void pinsThatNoThreadCanCountAreCountedInTheWord() throws InterruptedException {
        SlotWords words = open(SLOTS);
        for (int i = 0; i < MANY; i++) {
            assertThat(words.tryPin(0, table, 0)).isTrue();
        }
        inAnotherThread(() -> {
            for (int i = 0; i < MANY; i++) {
                words.unpin(0);
            }
        });
        assertThat(pins(words, 0)).isZero();
        assertThat(tryTake(words, 0)).isTrue();
    }

    @Test
    void pinsWhileTheSumIsKnownAreInIt() {
        SlotWords words = open(SLOTS);
        assertThat(words.tryPin(0, table, 0)).isTrue();
        assertThat(words.tryCollectPins()).isTrue();
        assertThat(words.tryPin(0, table, 0)).isTrue();
        assertThat(words.pins(0)).isEqualTo(2);
        words.unpin(0);
        words.unpin(0);
        assertThat(words.tryTake(0)).isTrue();
        assertThat(words.pins(0)).isZero();
        words.resume();
    }

    /// The generation of a slot is odd while it is taken. It is a plain field on purpose: the words must publish it.
    @Test
    void slotIsNotTakenUnderAPin() throws Exception {
        SplittableRandom seeds = Seeds.random("SlotWordsTest");
        SlotWords words = open(SLOTS);
        int[] generations = new int[SLOTS];
        AtomicInteger working = new AtomicInteger(2);
        Queue<Integer> handedOver = new ConcurrentLinkedQueue<>();
        Watchdog watchdog = new Watchdog();
        for (int i = 0; i < 2; i++) {
            SplittableRandom random = seeds.split();
            watchdog.start("pinner", () -> {
                for (int step = 0; step < STEPS; step++) {
                    int slot = random.nextInt(SLOTS);
                    if (words.tryPin(slot, table, slot)) {
                        use(generations, slot, handedOver);
                        if (random.nextInt(8) == 0) {
                            handedOver.add(slot);
                        } else {
                            words.unpin(slot);
                        }
                    }
                    Integer other = step % 4 == 0 ? handedOver.poll() : null;
                    if (other != null) {
                        words.unpin(other);
                    }
                }
                working.decrementAndGet();
            });
        }
        AtomicInteger taken = new AtomicInteger();
        SplittableRandom random = seeds.split();
        watchdog.start("taker", () -> {
            while (working.get() > 0) {
                int slot = random.nextInt(SLOTS);
                if (tryTake(words, slot)) {
                    generations[slot]++;
                    taken.incrementAndGet();
                    generations[slot]++;
                    words.open(slot, table.owner(slot), 0);
                }
            }
        });
        watchdog.join();
        handedOver.forEach(words::unpin);
        for (int slot = 0; slot < SLOTS; slot++) {
            assertThat(pins(words, slot)).isZero();
        }
        assertThat(taken.get()).isPositive();
    }

    private static void use(int[] generations, int slot, Queue<Integer> clock) {
        int generation = generations[slot];
        boolean ignored = clock.isEmpty(); // a delay, across which no value stays in a register
        if (generation % 2 != 0 || generations[slot] != generation) {
            throw new AssertionError(
                    "taken under a pin: slot=%d, was=%d, is=%d".formatted(slot, generation, generations[slot]));
        }
    }

    /// {@return slots that each contain the part of the same number}
    private SlotWords open(int count) {
        SlotWords words = new SlotWords(count, VirtualMemory.system());
        for (int slot = 0; slot < count; slot++) {
            words.open(slot, table.owner(slot), 0);
        }
        return words;
    }

    private static long pins(SlotWords words, int slot) {
        assertThat(words.tryCollectPins()).isTrue();
        try {
            return words.pins(slot);
        } finally {
            words.resume();
        }
    }

    private static boolean tryTake(SlotWords words, int slot) {
        if (!words.tryCollectPins()) {
            return false; // a thread of the test lost its processor
        }
        try {
            return words.tryTake(slot);
        } finally {
            words.resume();
        }
    }

    private static void inAnotherThread(Runnable task) throws InterruptedException {
        Thread thread = Thread.ofPlatform().start(task);
        thread.join();
    }
}
