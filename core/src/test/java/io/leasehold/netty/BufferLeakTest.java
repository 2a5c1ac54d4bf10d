package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.lang.ref.WeakReference;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A lost buffer is reported although its allocator knows the objects of all blocks, and a released one is not.
class BufferLeakTest {

    private static final int PLANTED = 100;

    private final Level levelBefore = ResourceLeakDetector.getLevel();
    private final LeasedByteBufAllocator allocator = TestAllocators.small("leaks");

    /// Both kinds of buffer.
    enum Kind {
        DIRECT,
        HEAP;

        ByteBuf allocate(ByteBufAllocator from, int capacity) {
            return this == DIRECT ? from.directBuffer(capacity) : from.heapBuffer(capacity);
        }
    }

    @BeforeEach
    void watchEveryBuffer() {
        ResourceLeakDetector.setLevel(Level.PARANOID);
        RecordingLeakDetector.reports().clear();
    }

    @AfterEach
    void watchAsBefore() {
        ResourceLeakDetector.setLevel(levelBefore);
        allocator.closeForcibly();
    }

    @ParameterizedTest
    @EnumSource
    void everyPlantedLeakIsReported(Kind kind) {
        for (int i = 0; i < PLANTED; i++) {
            plant(kind, i);
        }
        Set<Integer> found = new HashSet<>();
        Eventually.holds("all leaks reported", () -> {
            System.gc();
            kind.allocate(allocator, 64).release(); // a detector reports when it is asked to track
            collect(kind, found);
            return found.size() == PLANTED;
        });
    }

    @ParameterizedTest
    @EnumSource
    void leakOfAReusedBlockIsReported(Kind kind) {
        for (int i = 0; i < 3; i++) {
            kind.allocate(allocator, 512).release();
        }
        everyPlantedLeakIsReported(kind);
    }

    @ParameterizedTest
    @EnumSource
    void leakOfABufferThatMovedIsReported(Kind kind) {
        plantMoved(kind);
        Set<Integer> found = new HashSet<>();
        Eventually.holds("the leak reported", () -> {
            System.gc();
            kind.allocate(allocator, 64).release();
            collect(kind, found);
            return found.contains(7);
        });
    }

    @ParameterizedTest
    @EnumSource
    void cleanUseReportsNothing(Kind kind) {
        for (int i = 0; i < 1_000; i++) {
            ByteBuf buf = kind.allocate(allocator, 100 + i);
            buf.writeInt(i).touch("clean");
            buf.capacity(4_000);
            ByteBuf view = buf.retainedSlice(0, 4);
            buf.release();
            assertThat(view.getInt(0)).isEqualTo(i);
            view.release();
        }
        collectGarbage();
        kind.allocate(allocator, 64).release();
        assertThat(RecordingLeakDetector.reports()).isEmpty();
    }

    @Test
    void bufferIsBoundAgainWhenItIsReleased() {
        ByteBuf sampled = allocator.directBuffer(300);
        ByteBuf inner = sampled.unwrap();
        sampled.release();
        ResourceLeakDetector.setLevel(Level.DISABLED);
        ByteBuf next = allocator.directBuffer(300);
        assertThat(next).isSameAs(inner);
        next.release();
    }

    @Test
    void bufferThatIsNotSampledHasNoWrapper() {
        ResourceLeakDetector.setLevel(Level.DISABLED);
        ByteBuf buf = allocator.directBuffer(300);
        assertThat(buf).isInstanceOf(LeasedByteBuf.class);
        buf.release();
    }

    private void plant(Kind kind, int number) {
        ByteBuf lost = kind.allocate(allocator, 512);
        lost.writeInt(number);
        lost.touch(hint(kind, number));
    }

    private void plantMoved(Kind kind) {
        ByteBuf lost = kind.allocate(allocator, 512);
        lost.capacity(5_000);
        lost.touch(hint(kind, 7));
    }

    private static void collect(Kind kind, Set<Integer> found) {
        for (String report; (report = RecordingLeakDetector.reports().poll()) != null; ) {
            for (int i = 0; i < PLANTED; i++) {
                if (report.contains(hint(kind, i))) {
                    found.add(i);
                }
            }
        }
    }

    private static String hint(Kind kind, int number) {
        return "planted " + kind + " " + number + ".";
    }

    private static void collectGarbage() {
        WeakReference<Object> canary = new WeakReference<>(new Object());
        Eventually.holds("a collection", () -> {
            System.gc();
            return canary.refersTo(null);
        });
    }
}
