package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AlignmentTest {

    @Test
    void everyPowerOfTwoIsOneAndItsNeighboursAreNot() {
        for (int power = 0; power < 63; power++) {
            long value = 1L << power;
            assertThat(Alignment.isPowerOfTwo(value)).as("2^%d", power).isTrue();
            assertThat(Alignment.power(value)).isEqualTo(power);
            assertThat(Alignment.isPowerOfTwo(value + 1)).as("2^%d + 1", power).isEqualTo(power == 0);
            assertThat(Alignment.isPowerOfTwo(-value)).as("-2^%d", power).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 3, -1, Long.MIN_VALUE, Long.MAX_VALUE})
    void otherNumbersAreNoPowerOfTwo(long value) {
        assertThat(Alignment.isPowerOfTwo(value)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 4096, 0, 0",
        "1, 4096, 0, 4096",
        "4095, 4096, 0, 4096",
        "4096, 4096, 4096, 4096",
        "4097, 4096, 4096, 8192",
        "7, 1, 7, 7",
        "9223372036854771712, 4096, 9223372036854771712, 9223372036854771712"
    })
    void downAndUpAreTheNextMultiplesOnBothSides(long value, long alignment, long down, long up) {
        assertThat(Alignment.down(value, alignment)).isEqualTo(down);
        assertThat(Alignment.up(value, alignment)).isEqualTo(up);
        assertThat(Alignment.isAligned(value, alignment)).isEqualTo(down == up);
    }

    @Test
    void upThatDoesNotFitIsAnError() {
        assertThatThrownBy(() -> Alignment.up(Long.MAX_VALUE, 4096)).isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> Alignment.up(Long.MAX_VALUE - 4094, 4096)).isInstanceOf(ArithmeticException.class);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 4", "4, 4", "5, 8", "1023, 1024", "1025, 2048"})
    void powerOfTwoFromIsTheLeastThatIsNotBelow(long value, long expected) {
        assertThat(Alignment.powerOfTwoFrom(value)).isEqualTo(expected);
    }

    @Test
    void powerOfTwoFromReachesItsBound() {
        assertThat(Alignment.powerOfTwoFrom(1L << 62)).isEqualTo(1L << 62);
        assertThat(Alignment.powerOfTwoFrom((1L << 61) + 1)).isEqualTo(1L << 62);
    }

    @Test
    void checkReturnsAPowerOfTwoWithinItsBounds() {
        assertThat(Alignment.check("byteAlignment", 64, 64, 64)).isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -4096, 12, Long.MIN_VALUE, Long.MAX_VALUE})
    void checkNamesWhatIsNoPowerOfTwoAndTheBounds(long value) {
        assertThatThrownBy(() -> Alignment.check("byteAlignment", value, 16, 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteAlignment is not a power of two: byteAlignment=" + value + ", min=16, max=64");
    }

    @ParameterizedTest
    @ValueSource(longs = {8, 128, 1L << 62})
    void checkNamesAPowerOfTwoThatIsOutOfBounds(long value) {
        assertThatThrownBy(() -> Alignment.check("byteAlignment", value, 16, 64))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteAlignment is out of bounds: byteAlignment=" + value + ", min=16, max=64");
    }
}
