package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.leasehold.memory.Seeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SizeClassesTest {

    private static final int EVERY_SIZE_TO = 1 << 20;
    private static final int RANDOM_SIZES = 1_000_000;

    @Test
    void everySizeGetsTheSmallestBlockItFitsInto() {
        for (int size = 0; size <= EVERY_SIZE_TO; size++) {
            checkSize(size);
        }
    }

    @Test
    void largerSizesGetTheSmallestBlockTheyFitInto() {
        SplittableRandom random = Seeds.random("largerSizesGetTheSmallestBlockTheyFitInto");
        for (int i = 0; i < RANDOM_SIZES; i++) {
            // the same number of each magnitude
            checkSize(random.nextInt(SizeClasses.MAX_BYTES >>> random.nextInt(12)) + 1);
        }
        checkSize(SizeClasses.MAX_BYTES);
    }

    @Test
    void sizesRiseToTheLargest() {
        assertThat(SizeClasses.byteSize(0)).isEqualTo(16);
        for (int c = 1; c < SizeClasses.COUNT; c++) {
            assertThat(SizeClasses.byteSize(c)).as("class %d", c).isGreaterThan(SizeClasses.byteSize(c - 1));
        }
        assertThat(SizeClasses.byteSize(SizeClasses.COUNT - 1)).isEqualTo(SizeClasses.MAX_BYTES);
    }

    @Test
    void blockSizesAndTheirNeighboursAreInTheRightClass() {
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            int size = SizeClasses.byteSize(c);
            assertThat(SizeClasses.of(size)).as("of %d", size).isEqualTo(c);
            assertThat(SizeClasses.of(size - 1)).as("of %d", size - 1).isEqualTo(c);
            if (c + 1 < SizeClasses.COUNT) {
                assertThat(SizeClasses.of(size + 1)).as("of %d", size + 1).isEqualTo(c + 1);
            }
        }
    }

    @Test
    void multiplesOfAPowerOfTwoGetBlocksThatAreMultiplesToo() {
        SplittableRandom random = Seeds.random("multiplesOfAPowerOfTwoGetBlocksThatAreMultiplesToo");
        for (int power = 0; power <= 30; power++) {
            int multiples = SizeClasses.MAX_BYTES >>> power;
            for (int i = 1; i <= 2_000; i++) {
                int size = (i <= multiples ? i : random.nextInt(multiples) + 1) << power;
                int block = SizeClasses.byteSize(SizeClasses.of(size));
                if (block == SizeClasses.MAX_BYTES) {
                    continue; // it begins with a page
                }
                assertThat(block & ((1 << power) - 1))
                        .as("%d, for %d", block, size)
                        .isZero();
            }
        }
    }

    /// Without a size of their own they would get 18,432 bytes.
    @ParameterizedTest
    @ValueSource(ints = {16_385, 16_408, 16_709, 17_408})
    void buffersOfTlsRecordsHaveASizeOfTheirOwn(int size) {
        assertThat(SizeClasses.byteSize(SizeClasses.of(size))).isEqualTo(17_408);
        assertThat(SizeClasses.byteSize(SizeClasses.of(17_409))).isEqualTo(18_432);
    }

    @Test
    void zeroBytesGetTheSmallestBlock() {
        assertThat(SizeClasses.of(0)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, SizeClasses.MAX_BYTES + 1, Integer.MAX_VALUE})
    void rejectsSizesThatNoBlockHas(int size) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SizeClasses.of(size))
                .withMessage("no block has this size: byteSize=" + size + ", min=0, max=2147483639");
    }

    private static void checkSize(int size) {
        int c = SizeClasses.of(size);
        int block = SizeClasses.byteSize(c);
        boolean fits = block >= size && (c == 0 || SizeClasses.byteSize(c - 1) < size);
        boolean tight = size <= 256 ? block - size < 16 || size == 0 : (block - size) * 8L <= size;
        if (!fits || !tight) {
            throw new AssertionError("size=%d, class=%d, block=%d".formatted(size, c, block));
        }
    }
}
