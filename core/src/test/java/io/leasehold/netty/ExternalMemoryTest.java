package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Memory of another owner is wrapped as a buffer like any other, and its handle goes back once.
class ExternalMemoryTest {

    private static final int BYTES = 4096;
    private static final int PLANTED = 10;

    private final LeasedByteBufAllocator allocator = TestAllocators.small("external");
    private final PageArena arena = allocator.arena();
    private final long page = arena.allocate();
    private final long address = arena.frames().address(page);
    private final List<Long> released = new ArrayList<>();
    private final ExternalMemory external = ExternalMemory.of(allocator, released::add, address, BYTES);

    @AfterEach
    void close() {
        arena.free(page);
        allocator.close();
    }

    @Test
    void overflowInTheOwnerOfReleasedMemoryDoesNotTouchTheNextUse() {
        List<ByteBuf> next = new ArrayList<>();
        ExternalMemory[] memory = new ExternalMemory[1];
        memory[0] = ExternalMemory.of(
                allocator,
                handle -> {
                    if (next.isEmpty()) {
                        next.add(memory[0].wrap(2, 8, 8));
                        throw new StackOverflowError("injected");
                    }
                },
                address,
                BYTES);
        ByteBuf first = memory[0].wrap(1, 8, 8);

        assertThatThrownBy(first::release).isInstanceOf(StackOverflowError.class);

        allocator.trim(); // frees the buffers that a release stored for later
        assertThat(next.getFirst().refCnt()).isOne();
        next.getFirst().release();
    }

    @Test
    void isTheSameBufferInEachUse() {
        ByteBuf first = external.wrap(1, 100, 200);
        assertThat(first.capacity()).isEqualTo(100);
        assertThat(first.maxCapacity()).isEqualTo(200);
        assertThat(first.memoryAddress()).isEqualTo(address);
        assertThat(first).isInstanceOf(LeasedByteBuf.class);
        first.writeLong(5).release();
        ByteBuf second = external.wrap(2, BYTES, BYTES);
        assertThat(second).isSameAs(first);
        assertThat(second.readableBytes()).isZero();
        second.release();
        assertThat(released).containsExactly(1L, 2L);
    }

    @Test
    void secondReleaseIsRefusedAndHandleGoesBackOnce() {
        ByteBuf buf = external.wrap(1, BYTES, BYTES);
        buf.release();
        assertThatThrownBy(buf::release).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(buf::retain).isInstanceOf(IllegalReferenceCountException.class);
        assertThat(released).containsExactly(1L);
    }

    @Test
    void sharedPartCanNeitherBeWrittenBehindNorMoveBeforeSharingEnds() {
        ByteBuf buf = external.wrapShared(1, 10, 20);
        assertThat(buf.readerIndex()).isEqualTo(10);
        assertThat(buf.readableBytes()).isEqualTo(20);
        assertThat(buf.refCnt()).isEqualTo(2);
        assertThatThrownBy(() -> buf.writeByte(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buf.capacity(31)).isInstanceOf(IllegalArgumentException.class);
        external.endSharing();
        assertThat(buf.refCnt()).isOne();
        buf.writeByte(1);
        assertThat(buf.memoryAddress()).isEqualTo(address);
        assertThat(released).isEmpty();
        buf.release();
        assertThat(released).containsExactly(1L);
        assertThatThrownBy(external::endSharing).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void sharerMayBeTheLastHolder() {
        external.wrapShared(1, 0, 20).release();
        assertThat(released).isEmpty();
        external.endSharing();
        assertThat(released).containsExactly(1L);
    }

    @Test
    void growthBeyondTheMemoryMovesToABlockAndGivesTheHandleBack() {
        ByteBuf buf = external.wrap(1, BYTES, Integer.MAX_VALUE);
        for (int i = 0; i < BYTES; i += Long.BYTES) {
            buf.writeLong(i);
        }
        buf.writeLong(BYTES);
        assertThat(released).containsExactly(1L);
        assertThat(buf.memoryAddress()).isNotEqualTo(address);
        ByteBuf next = external.wrap(2, BYTES, BYTES);
        assertThat(next).isNotSameAs(buf);
        assertThat(next.memoryAddress()).isEqualTo(address);
        next.setLong(0, -1);
        for (int i = 0; i <= BYTES; i += Long.BYTES) {
            assertThat(buf.readLong()).isEqualTo(i);
        }
        assertThat(allocator.metric().pinnedBuffers()).isOne();
        buf.release();
        next.release();
        assertThat(allocator.metric().pinnedBuffers()).isZero();
        assertThat(released).containsExactly(1L, 2L);
    }

    @Test
    void refusesToWrapMoreThanThereIs() {
        assertThatThrownBy(() -> external.wrap(1, BYTES + 1, BYTES + 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("min=0, max=4096");
        assertThatThrownBy(() -> ExternalMemory.of(allocator, released::add, address, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ExternalMemory.of(allocator, released::add, 0, BYTES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("address is too low: address=0, min=1");
    }

    @ParameterizedTest
    @CsvSource({"0, 4097", "4096, 1", "-1, 2", "1, -1", "4095, 2147483647", "2147483647, 2147483647"})
    void refusesToShareAPartThatIsNotWithinTheMemory(int index, int length) {
        assertThatThrownBy(() -> external.wrapShared(1, index, length)).isInstanceOf(IndexOutOfBoundsException.class);
        ByteBuf buf = external.wrapShared(2, BYTES, 0);
        external.endSharing();
        buf.release();
        assertThat(released).containsExactly(2L);
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMPLE", "ADVANCED", "PARANOID"})
    void lostBufferIsReportedAndReplaced(Level level) {
        // Netty records no touch at this level, so all reports are equal, and Netty logs equal reports once
        int reports = level == Level.SIMPLE ? 1 : PLANTED;
        LeakWatch watch = new LeakWatch(level);
        try (watch) {
            for (int i = 0; i < PLANTED; i++) {
                lose("lost at " + level + " " + i);
            }
            Eventually.holds("all leaks reported", () -> {
                System.gc();
                allocator.directBuffer(64).release(); // a detector reports when it is asked to track
                return RecordingLeakDetector.reports().size() == reports;
            });
            assertThat(released).isEmpty();
        }
        ByteBuf next = external.wrap(2, BYTES, BYTES);
        next.writeLong(1).release();
        assertThat(released).containsExactly(2L);
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMPLE", "ADVANCED", "PARANOID"})
    void releasedBuffersAreNotReported(Level level) {
        try (LeakWatch watch = new LeakWatch(level)) {
            for (int i = 0; i < 1000; i++) {
                ByteBuf buf = external.wrapShared(i, 0, 20);
                ByteBuf view = buf.retainedSlice(0, 4);
                if (i % 2 == 0) {
                    external.endSharing();
                    buf.release();
                } else {
                    buf.release();
                    external.endSharing();
                }
                view.release();
            }
            watch.assertNothingLost(allocator);
        }
        assertThat(released).hasSize(1000).doesNotHaveDuplicates();
    }

    /// Netty reports equal traces only once.
    private void lose(String hint) {
        external.wrap(1, BYTES, BYTES).writeInt(1).touch(hint);
    }
}
