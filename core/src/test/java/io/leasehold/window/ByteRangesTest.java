package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.Seeds;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A set of ranges equals a set of its bytes, or contains it if ranges had to be joined.
class ByteRangesTest {

    private static final int PLACES = 200;
    private static final int STEPS = 4_000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, PLACES})
    void rangesAreWhatTheirBytesAre(int most) {
        SplittableRandom random = Seeds.random("ByteRangesTest");
        ByteRanges ranges = new ByteRanges(most);
        BitSet bytes = new BitSet();
        for (int step = 0; step < STEPS; step++) {
            int from = random.nextInt(PLACES);
            int end = random.nextInt(from, PLACES + 1);
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> {
                    ranges.add(from, end);
                    bytes.set(from, end);
                }
                case 3, 4, 5 -> {
                    ranges.remove(from, end);
                    bytes.clear(from, end);
                }
                case 6 -> {
                    ByteRanges others = new ByteRanges(2);
                    others.add(from, end);
                    others.add(0, 3);
                    ranges.addAll(others);
                    bytes.set(from, end);
                    bytes.set(0, 3);
                }
                default -> {
                    ByteRanges part = ranges.within(from, end);
                    part.checkInvariants();
                    check(part, bytes.get(0, end), from, most == PLACES);
                    if (random.nextInt(20) == 0) {
                        ranges.clear();
                        bytes.clear();
                    }
                }
            }
            ranges.checkInvariants();
            check(ranges, bytes, 0, most == PLACES);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = JavaFaults.Mode.class,
            names = {"HEAP_ONCE", "HEAP_FULL"})
    void noRangeIsLostWhileTheJavaHeapIsFull(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("window").program(ByteRangesFaultProgram.class).accept(mode);
        assertThat(JavaFaults.injected()).isGreaterThan(before);
    }

    @Test
    void nearestBecomeOne() {
        ByteRanges ranges = new ByteRanges(2);
        ranges.add(0, 10);
        ranges.add(100, 110);
        ranges.add(40, 50);
        assertThat(ranges).hasToString("[0..50, 100..110]");
        assertThat(ranges.byteSize()).isEqualTo(60);
        ranges.remove(45, 105);
        assertThat(ranges).hasToString("[0..45, 105..110]");
        ranges.remove(0, Long.MAX_VALUE);
        assertThat(ranges.isEmpty()).isTrue();
    }

    /// @param bytes the expected bytes, compared from `from` on
    private static void check(ByteRanges ranges, BitSet bytes, int from, boolean isExact) {
        for (int place = from; place < PLACES; place++) {
            boolean isIn = !ranges.within(place, place + 1).isEmpty();
            if (bytes.get(place) != isIn && (isExact || !isIn)) {
                throw new AssertionError("place=" + place + ", is=" + isIn + ", " + ranges + ", " + bytes);
            }
        }
        assertThat(ranges.isEmpty()).isEqualTo(ranges.byteSize() == 0);
        if (!ranges.isEmpty()) {
            assertThat(ranges.end() - ranges.start()).isGreaterThanOrEqualTo(ranges.byteSize());
        }
    }
}
