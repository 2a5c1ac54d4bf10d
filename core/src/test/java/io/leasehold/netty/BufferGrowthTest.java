package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A buffer that grows keeps its content and indices, in the same block or in another one.
class BufferGrowthTest {

    private final LeasedByteBufAllocator allocator = TestAllocators.small("growth");

    @AfterEach
    void nothingIsOutstanding() {
        allocator.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void growthByDoublingKeepsContentAndIndices(boolean isDirect) {
        ByteBuf buf = allocate(isDirect, 16);
        buf.writerIndex(12).readerIndex(5).markReaderIndex();
        byte written = 0;
        for (int capacity = 16; capacity < 1 << 21; capacity *= 2) {
            for (int i = capacity / 2; i < capacity; i++) {
                buf.setByte(i, written++);
            }
            buf.capacity(2 * capacity);
            assertThat(buf.readerIndex()).isEqualTo(5);
            assertThat(buf.writerIndex()).isEqualTo(12);
            buf.resetReaderIndex();
        }
        written = 0;
        for (int i = 8; i < 1 << 20; i++) {
            assertThat(buf.getByte(i)).isEqualTo(written++);
        }
        assertThat(allocator.metric().pinnedBuffers()).isEqualTo(1);
        buf.release();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void blockThatWasLeftServesAnother(boolean isDirect) {
        ByteBuf moved = allocate(isDirect, 100).writeInt(1);
        moved.capacity(10_000);
        ByteBuf next = allocate(isDirect, 100).writeInt(2);
        ByteBuf large = allocate(isDirect, 10_000).writeInt(3);
        assertThat(moved.getInt(0)).isEqualTo(1);
        moved.release();
        ByteBuf again = allocate(isDirect, 10_000).writeInt(4);
        assertThat(next.getInt(0)).isEqualTo(2);
        assertThat(large.getInt(0)).isEqualTo(3);
        assertThat(again.getInt(0)).isEqualTo(4);
        next.release();
        large.release();
        again.release();
    }

    @Test
    void viewsFollowABufferThatMoves() {
        ByteBuf buf = allocator.directBuffer(64).writeLong(7);
        ByteBuf view = buf.slice(0, 8);
        buf.internalNioBuffer(0, 8);
        buf.capacity(5_000);
        buf.setLong(0, 8);
        assertThat(view.getLong(0)).isEqualTo(8);
        assertThat(buf.internalNioBuffer(0, 8).getLong()).isEqualTo(8);
        buf.release();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void viewOfAnEarlierUseNeverReachesPastAShorterBlock(boolean isDirect) {
        ByteBuf large = allocate(isDirect, 10_000);
        ByteBuf kept = large.slice(9_000, 1_000);
        large.release();
        ByteBuf grown = allocate(isDirect, 100);
        grown.capacity(10_000); // takes the block of the large buffer
        for (int i = 0; i < 3; i++) {
            ByteBuf small = allocate(isDirect, 100);
            assertThat(small).isNotSameAs(large);
            small.release();
        }
        assertThat(kept.refCnt()).isZero();
        grown.release();
    }

    @Test
    void growthWithinTheBlockStaysInPlace() {
        ByteBuf buf = allocator.directBuffer(100);
        long address = buf.memoryAddress();
        buf.capacity(buf.maxFastWritableBytes());
        assertThat(buf.memoryAddress()).isEqualTo(address);
        buf.release();
    }

    @Test
    void shrinkingStaysInPlaceAndTrimsTheIndices() {
        ByteBuf buf = allocator.directBuffer(1_000).writerIndex(900).readerIndex(800);
        long address = buf.memoryAddress();
        buf.capacity(500);
        assertThat(buf.memoryAddress()).isEqualTo(address);
        assertThat(buf.capacity()).isEqualTo(500);
        assertThat(buf.writerIndex()).isEqualTo(500);
        assertThat(buf.readerIndex()).isEqualTo(500);
        buf.release();
    }

    @Test
    void growthThatIsRefusedChangesNothing() {
        ByteBuf buf = allocator.directBuffer(100).writeInt(42);
        assertThatThrownBy(() -> buf.capacity(1 << 30)).isInstanceOf(BufferMemoryError.class);
        assertThat(buf.capacity()).isEqualTo(100);
        assertThat(buf.getInt(0)).isEqualTo(42);
        buf.release();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingGrowsIntoSomething(boolean isDirect) {
        ByteBuf buf = allocate(isDirect, 0);
        assertThat(buf.capacity()).isZero();
        assertThat(buf.writeLong(5).getLong(0)).isEqualTo(5);
        buf.release();
    }

    @Test
    void emptyBufferTakesNoBlock() {
        ByteBuf empty = allocator.directBuffer(0, 0);
        assertThat(empty.maxCapacity()).isZero();
        assertThat(allocator.metric().pinnedBuffers()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void channelsGatherAndScatter(boolean isDirect, @TempDir Path folder) throws IOException {
        try (FileChannel file = FileChannel.open(
                folder.resolve("file"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuf buf = allocate(isDirect, 100).writeLong(1).writeLong(2).writeLong(3);
            assertThat(buf.readBytes(file, 20)).isEqualTo(20);
            assertThat(buf.getBytes(20, file, 20, 4)).isEqualTo(4);
            assertThat(file.position(24).write(buf.nioBuffers(0, 24))).isEqualTo(24);
            ByteBuf back = allocate(isDirect, 100);
            assertThat(back.writeBytes(file, 0, 24)).isEqualTo(24);
            assertThat(back).isEqualTo(buf.readerIndex(0));
            assertThat(file.position(4).read(back.nioBuffers(24, 8))).isEqualTo(8);
            assertThat(back.getLong(24)).isEqualTo(1L << 32);
            assertThat(back.setBytes(0, file.position(0), 16)).isEqualTo(16);
            assertThat(back.getLong(8)).isEqualTo(2);
            buf.release();
            back.release();
        }
    }

    private ByteBuf allocate(boolean isDirect, int capacity) {
        return isDirect ? allocator.directBuffer(capacity) : allocator.heapBuffer(capacity);
    }
}
