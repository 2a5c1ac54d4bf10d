package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SegmentCursorTest {

    private static final long ADDRESS = 0x7f00_0000_1200L;

    private final SegmentCursor cursor = new SegmentCursor();

    /// The offset and size of a segment.
    private record Segment(long address, int byteSize) {}

    @Test
    void lastSegmentMayBeShorter() {
        assertThat(segments(5_000, 1_400))
                .containsExactly(
                        new Segment(ADDRESS, 1_400),
                        new Segment(ADDRESS + 1_400, 1_400),
                        new Segment(ADDRESS + 2_800, 1_400),
                        new Segment(ADDRESS + 4_200, 800));
        assertThat(segments(2_800, 1_400)).hasSize(2);
        assertThat(segments(90, 1_400)).containsExactly(new Segment(ADDRESS, 90));
    }

    @Test
    void emptyDatagramIsOneSegment() {
        for (int segmentSize : new int[] {0, 1, 1_400}) {
            assertThat(segments(0, segmentSize)).containsExactly(new Segment(ADDRESS, 0));
        }
    }

    @Test
    void segmentSizeOfZeroIsOneDatagram() {
        assertThat(segments(5_000, 0)).containsExactly(new Segment(ADDRESS, 5_000));
    }

    @Test
    void segmentsAreTheSameAsOfASimpleLoop() {
        SplittableRandom random = Seeds.random("segmentsAreTheSameAsOfASimpleLoop");
        for (int round = 0; round < 2_000; round++) {
            int byteSize = 1 + random.nextInt(65_536);
            int segmentSize = 1 + random.nextInt(random.nextBoolean() ? 70_000 : 2_000);
            List<Segment> expected = new ArrayList<>();
            for (int at = 0; at < byteSize; at += segmentSize) {
                expected.add(new Segment(ADDRESS + at, Math.min(segmentSize, byteSize - at)));
            }
            assertThat(segments(byteSize, segmentSize))
                    .as("byteSize=%d, segmentSize=%d", byteSize, segmentSize)
                    .isEqualTo(expected);
        }
    }

    @Test
    void sizesUpToTheLargestAreSegmented() {
        cursor.over(ADDRESS, Integer.MAX_VALUE, Integer.MAX_VALUE - 1);
        assertThat(cursor.remaining()).isEqualTo(2);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.byteSize()).isEqualTo(1);
        assertThat(cursor.address()).isEqualTo(ADDRESS + Integer.MAX_VALUE - 1);
        assertThat(cursor.next()).isFalse();
    }

    @Test
    void betweenSegmentsThereIsNone() {
        assertThat(cursor.next()).isFalse();
        assertThatThrownBy(cursor::address).isInstanceOf(IllegalStateException.class);
        cursor.over(ADDRESS, 10, 10);
        assertThatThrownBy(cursor::byteSize)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("byteSize=10", "remaining=1");
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.next()).isFalse();
        assertThatThrownBy(cursor::address).isInstanceOf(IllegalStateException.class);
        assertThat(cursor.next()).isFalse();
    }

    @Test
    void rejectsNegativeSizes() {
        assertThatThrownBy(() -> cursor.over(ADDRESS, -1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("byteSize=-1");
        assertThatThrownBy(() -> cursor.over(ADDRESS, 1, -2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("segmentSize=-2");
    }

    private List<Segment> segments(int byteSize, int segmentSize) {
        List<Segment> segments = new ArrayList<>();
        cursor.over(ADDRESS, byteSize, segmentSize);
        for (int left = cursor.remaining(); cursor.next(); left--) {
            assertThat(cursor.remaining()).isEqualTo(left - 1);
            segments.add(new Segment(cursor.address(), cursor.byteSize()));
        }
        assertThat(cursor.remaining()).isZero();
        return segments;
    }
}
