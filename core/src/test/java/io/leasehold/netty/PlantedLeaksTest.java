package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// A thousand buffers of all sizes and both kinds are lost among others that are released. The detector finds each of
/// them.
class PlantedLeaksTest {

    private static final int PLANTED = 1_000;
    private static final int MAX_BYTES = 16 << 10;
    private static final long ALLOCATOR_BYTES = 64L << 20;
    private static final Pattern HINT = Pattern.compile("planted (\\d+)\\.");

    @Test
    void everyOneOfAThousandIsReported() {
        LeasedByteBufAllocator allocator =
                TestAllocators.builder("planted", ALLOCATOR_BYTES).build();
        SplittableRandom random = new SplittableRandom(20261123);
        BitSet found = new BitSet();
        try (LeakWatch watch = new LeakWatch(Level.PARANOID)) {
            for (int i = 0; i < PLANTED; i++) {
                allocate(allocator, random).release();
                allocate(allocator, random).writeInt(i).touch("planted " + i + ".");
            }
            Eventually.holds("all leaks reported", () -> {
                System.gc();
                allocate(allocator, random).release(); // a detector reports when it is asked to track
                collect(found);
                return found.cardinality() == PLANTED;
            });
            watch.assertNothingLost(allocator);
        }
        assertThat(allocator.metric().pinnedBuffers()).isEqualTo(PLANTED);
        assertThatThrownBy(allocator::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("buffers=1,000");
        assertThat(allocator.closeForcibly()).isEqualTo(PLANTED);
    }

    private static ByteBuf allocate(LeasedByteBufAllocator allocator, SplittableRandom random) {
        int capacity = random.nextInt(Integer.BYTES, MAX_BYTES);
        return random.nextBoolean() ? allocator.directBuffer(capacity) : allocator.heapBuffer(capacity);
    }

    private static void collect(BitSet found) {
        for (String report; (report = RecordingLeakDetector.reports().poll()) != null; ) {
            Matcher hint = HINT.matcher(report);
            assertThat(hint.find()).as(report).isTrue();
            found.set(Integer.parseInt(hint.group(1)));
        }
    }
}
