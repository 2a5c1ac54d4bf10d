package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(600)
class WordsTest {

    private static final int ROUNDS = 100_000;

    private ScratchMemory memory;
    private long word;

    @BeforeEach
    void takeMemory() {
        memory = ScratchMemory.of(4096);
        word = memory.address() + 64;
    }

    @AfterEach
    void giveMemoryBack() {
        memory.close();
    }

    @Test
    void intIsReadAsWrittenInEveryOrder() {
        Words.setIntOpaque(word, -1);
        assertThat(Words.getIntAcquire(word)).isEqualTo(-1);
        Words.setIntRelease(word, 2);
        assertThat(Words.getIntOpaque(word)).isEqualTo(2);
        Words.setIntVolatile(word, Integer.MIN_VALUE);
        assertThat(Words.getIntAcquire(word)).isEqualTo(Integer.MIN_VALUE);
        assertThat(OffHeap.getInt(word)).isEqualTo(Integer.MIN_VALUE);
        assertThat(OffHeap.getInt(word + 4)).isZero();
        assertThat(OffHeap.getInt(word - 4)).isZero();
    }

    @Test
    void longIsReadAsWrittenInEveryOrder() {
        Words.setLongRelease(word, Long.MIN_VALUE + 1);
        assertThat(Words.getLongAcquire(word)).isEqualTo(Long.MIN_VALUE + 1);
        assertThat(Words.getLongOpaque(word)).isEqualTo(Long.MIN_VALUE + 1);
        assertThat(OffHeap.getLong(word)).isEqualTo(Long.MIN_VALUE + 1);
        assertThat(OffHeap.getLong(word + 8)).isZero();
        assertThat(OffHeap.getLong(word - 8)).isZero();
    }

    @Test
    void compareAndSetChangesOnlyWhatIsExpected() {
        OffHeap.putLong(word, 5);
        assertThat(Words.compareAndSetLong(word, 4, 9)).isFalse();
        assertThat(OffHeap.getLong(word)).isEqualTo(5);
        assertThat(Words.compareAndSetLong(word, 5, 9)).isTrue();
        assertThat(OffHeap.getLong(word)).isEqualTo(9);
        OffHeap.putInt(word, 5);
        assertThat(Words.compareAndSetInt(word, 4, 9)).isFalse();
        assertThat(OffHeap.getInt(word)).isEqualTo(5);
        assertThat(Words.compareAndSetInt(word, 5, 9)).isTrue();
        assertThat(OffHeap.getInt(word)).isEqualTo(9);
    }

    @Test
    void compareAndSetLooksAtTheWholeWord() {
        OffHeap.putLong(word, 1L << 32 | 7);
        assertThat(Words.compareAndSetLong(word, 7, 0)).isFalse();
        assertThat(Words.compareAndSetLong(word, 1L << 32, 0)).isFalse();
        assertThat(OffHeap.getLong(word)).isEqualTo(1L << 32 | 7);
    }

    static Stream<Named<LongConsumer>> intAccesses() {
        return Stream.of(
                Named.of("getIntOpaque", Words::getIntOpaque),
                Named.of("getIntAcquire", Words::getIntAcquire),
                Named.of("setIntOpaque", at -> Words.setIntOpaque(at, 1)),
                Named.of("setIntRelease", at -> Words.setIntRelease(at, 1)),
                Named.of("setIntVolatile", at -> Words.setIntVolatile(at, 1)),
                Named.of("compareAndSetInt", at -> Words.compareAndSetInt(at, 0, 1)));
    }

    static Stream<Named<LongConsumer>> longAccesses() {
        return Stream.of(
                Named.of("getLongOpaque", Words::getLongOpaque),
                Named.of("getLongAcquire", Words::getLongAcquire),
                Named.of("setLongRelease", at -> Words.setLongRelease(at, 1)),
                Named.of("compareAndSetLong", at -> Words.compareAndSetLong(at, 0, 1)));
    }

    @ParameterizedTest
    @MethodSource("intAccesses")
    void intOffItsAlignmentIsRejectedAndUntouched(LongConsumer access) {
        for (int offset = 1; offset < Integer.BYTES; offset++) {
            long misaligned = word + offset;
            assertThatThrownBy(() -> access.accept(misaligned))
                    .as("offset %d", offset)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        access.accept(word + Integer.BYTES);
        assertThat(OffHeap.getInt(word)).isZero();
    }

    @ParameterizedTest
    @MethodSource("longAccesses")
    void longOffItsAlignmentIsRejectedAndUntouched(LongConsumer access) {
        for (int offset = 1; offset < Long.BYTES; offset++) {
            long misaligned = word + offset;
            assertThatThrownBy(() -> access.accept(misaligned))
                    .as("offset %d", offset)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        access.accept(word + Long.BYTES);
        assertThat(OffHeap.getLong(word)).isZero();
    }

    @Test
    void whatWasWrittenBeforeAReleaseIsSeenAfterTheAcquireOfIt() throws InterruptedException {
        long data = word + 128;
        long acknowledged = word + 256;
        List<String> wrong = new ArrayList<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            for (int round = 1; round <= ROUNDS; round++) {
                while (Words.getLongAcquire(word) < round) {
                    Thread.onSpinWait();
                }
                int seen = OffHeap.getInt(data);
                if (seen != round) {
                    wrong.add("round " + round + " saw " + seen);
                }
                Words.setLongRelease(acknowledged, round);
            }
        });
        for (int round = 1; round <= ROUNDS; round++) {
            OffHeap.putInt(data, round);
            Words.setLongRelease(word, round);
            while (Words.getLongAcquire(acknowledged) < round) {
                Thread.onSpinWait();
            }
        }
        reader.join();
        assertThat(wrong).isEmpty();
    }

    @Test
    void noIncrementByCompareAndSetIsLost() throws InterruptedException {
        long narrow = word + 128;
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                awaitQuietly(start);
                for (int round = 0; round < ROUNDS; round++) {
                    long before;
                    do {
                        before = Words.getLongOpaque(word);
                    } while (!Words.compareAndSetLong(word, before, before + 1));
                    int narrowBefore;
                    do {
                        narrowBefore = Words.getIntOpaque(narrow);
                    } while (!Words.compareAndSetInt(narrow, narrowBefore, narrowBefore + 1));
                }
            }));
        }
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(Words.getLongAcquire(word)).isEqualTo(3L * ROUNDS);
        assertThat(Words.getIntAcquire(narrow)).isEqualTo(3 * ROUNDS);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
