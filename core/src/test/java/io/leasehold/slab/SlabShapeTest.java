package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlabShapeTest {

    private static final int MAX_PAGES = 16;

    @ParameterizedTest
    @ValueSource(ints = {4 << 10, 16 << 10, 64 << 10})
    void blocksFillTheirPages(int pageBytes) {
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            SlabShape shape = SlabShape.of(SizeClasses.byteSize(c), pageBytes);
            long bytes = (long) shape.pages() * pageBytes;
            long used = (long) shape.blocks() * shape.byteSize();
            assertThat(shape.byteSize()).isEqualTo(SizeClasses.byteSize(c));
            assertThat(shape.blocks()).as("%s", shape).isPositive();
            assertThat(used).as("%s", shape).isLessThanOrEqualTo(bytes);
            assertThat(bytes - used)
                    .as("a block fits into the tail of %s", shape)
                    .isLessThan(shape.byteSize());
            if (shape.blocks() > 1) {
                assertThat((bytes - used) * 32).as("tail of %s", shape).isLessThanOrEqualTo(bytes);
            } else {
                assertThat(bytes - used)
                        .as("a page is not touched in %s", shape)
                        .isLessThan(pageBytes);
            }
            if (shape.pages() > MAX_PAGES) {
                assertThat(shape.blocks()).as("%s", shape).isEqualTo(1);
                assertThat((long) shape.byteSize()).as("%s", shape).isGreaterThan((long) MAX_PAGES * pageBytes);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4 << 10, 16 << 10, 64 << 10})
    void tailIsNeverMoreThanAThirtySecond(int pageBytes) {
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            SlabShape shape = SlabShape.of(SizeClasses.byteSize(c), pageBytes);
            long bytes = (long) shape.pages() * pageBytes;
            long tail = bytes - (long) shape.blocks() * shape.byteSize();
            assertThat(tail * 32).as("tail of %s", shape).isLessThanOrEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4 << 10, 16 << 10, 64 << 10})
    void indexOfEveryBlockFitsInItsBitsAndNoBitIsWasted(int pageBytes) {
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            SlabShape shape = SlabShape.of(SizeClasses.byteSize(c), pageBytes);
            assertThat((shape.blocks() - 1) >>> shape.indexBits())
                    .as("%s", shape)
                    .isZero();
            if (shape.indexBits() > 0) {
                assertThat((shape.blocks() - 1) >>> (shape.indexBits() - 1))
                        .as("%s", shape)
                        .isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4 << 10, 16 << 10, 64 << 10})
    void slabsOfSmallBlocksHaveSixteenBlocksOrFourPages(int pageBytes) {
        for (int size = 16; size <= pageBytes; size += 16) {
            SlabShape shape = SlabShape.of(SizeClasses.byteSize(SizeClasses.of(size)), pageBytes);
            assertThat(shape.blocks() >= 16 || shape.pages() >= 4)
                    .as("%s", shape)
                    .isTrue();
        }
    }

    @Test
    void slabsAreNoLongerThanTheyMustBe() {
        assertThat(SlabShape.of(256, 4096)).isEqualTo(new SlabShape(256, 1, 16));
        assertThat(SlabShape.of(4096, 4096)).isEqualTo(new SlabShape(4096, 4, 4));
        assertThat(SlabShape.of(9216, 4096)).isEqualTo(new SlabShape(9216, 9, 4));
        assertThat(SlabShape.of(65_536, 4096)).isEqualTo(new SlabShape(65_536, 16, 1));
        assertThat(SlabShape.of(1 << 20, 4096)).isEqualTo(new SlabShape(1 << 20, 256, 1));
    }
}
