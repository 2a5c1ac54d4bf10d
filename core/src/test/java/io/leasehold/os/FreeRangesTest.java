package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FreeRangesTest {

    private static final int UNITS = 256;
    private static final long START = 1_000;

    @Test
    void takesTheFirstRangeThatFits() {
        FreeRanges free = new FreeRanges(START, UNITS);
        long first = free.take(10, 1);
        long second = free.take(10, 1);
        free.take(10, 1);
        free.give(first, 10);
        assertThat(second).isEqualTo(START + 10);
        assertThat(free.take(11, 1)).isEqualTo(START + 30);
        assertThat(free.take(9, 1)).isEqualTo(START);
        assertThat(free.take(1, 1)).isEqualTo(START + 9);
    }

    @Test
    void keepsTheRestBeforeAnAlignedRange() {
        FreeRanges free = new FreeRanges(START, UNITS);
        assertThat(free.take(8, 128)).isEqualTo(1_024);
        assertThat(free.take(24, 8)).isEqualTo(START);
        assertThat(free.bytes()).isEqualTo(UNITS - 32);
        free.checkInvariants();
    }

    @Test
    void saysNoneWhenNothingFits() {
        FreeRanges free = new FreeRanges(START, UNITS);
        assertThat(free.take(UNITS + 1, 1)).isEqualTo(FreeRanges.NONE);
        assertThat(free.take(1, 1L << 62)).isEqualTo(FreeRanges.NONE);
        assertThat(free.bytes()).isEqualTo(UNITS);
    }

    @ParameterizedTest(name = "seed={0}")
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void behavesAsSetOfUnits(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        FreeRanges free = new FreeRanges(START, UNITS);
        BitSet taken = new BitSet();
        List<long[]> live = new ArrayList<>();
        for (int step = 0; step < 5_000; step++) {
            if (random.nextInt(5) < 3) {
                long size = 1L + random.nextInt(20);
                long alignment = 1L << random.nextInt(6);
                long address = free.take(size, alignment);
                assertThat(address).as("step=%d", step).isEqualTo(firstFit(taken, size, alignment));
                if (address != FreeRanges.NONE) {
                    taken.set((int) (address - START), (int) (address - START + size));
                    live.add(new long[] {address, size});
                }
            } else if (!live.isEmpty()) {
                long[] range = live.remove(random.nextInt(live.size()));
                free.give(range[0], range[1]);
                taken.clear((int) (range[0] - START), (int) (range[0] - START + range[1]));
            }
            int from = random.nextInt(UNITS - 8);
            assertThat(free.overlaps(START + from, 8)).isEqualTo(taken.nextClearBit(from) < from + 8);
            assertThat(free.bytes()).isEqualTo(UNITS - taken.cardinality());
            free.checkInvariants();
        }
    }

    private static long firstFit(BitSet taken, long size, long alignment) {
        for (long address = START; address + size <= START + UNITS; address++) {
            int unit = (int) (address - START);
            int next = taken.nextSetBit(unit);
            if (address % alignment == 0 && (next < 0 || next >= unit + size)) {
                return address;
            }
        }
        return FreeRanges.NONE;
    }
}
