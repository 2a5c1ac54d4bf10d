package io.leasehold.netty.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.AbstractByteBufTest;
import io.netty.buffer.ByteBuf;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/// Netty's own tests of buffers, for buffers as the allocator returns them. Tests that only apply to Netty's pooled
/// buffers are left out or changed.
abstract class RootBufferTest extends AbstractByteBufTest {

    private final ByteOrder order;

    RootBufferTest(ByteOrder order) {
        this.order = order;
    }

    /// Allocates the buffer under test.
    abstract ByteBuf allocate(int capacity, int maxCapacity);

    @Override
    protected ByteBuf newBuffer(int capacity, int maxCapacity) {
        ByteBuf buf = inOrder(allocate(capacity, maxCapacity));
        assertThat(buf.writerIndex()).isZero();
        assertThat(buf.readerIndex()).isZero();
        buf.resetReaderIndex().resetWriterIndex();
        assertThat(buf.writerIndex()).isZero();
        assertThat(buf.readerIndex()).isZero();
        return buf;
    }

    @SuppressWarnings("deprecation")
    private ByteBuf inOrder(ByteBuf buf) {
        ByteBuf ordered = buf.order(order);
        assertThat(ordered.order()).isEqualTo(order);
        return ordered;
    }

    /// Netty expects 50 for a buffer without spare bytes. These buffers use the rest of their block in place.
    @Override
    @Test
    public void testMaxFastWritableBytes() {
        ByteBuf buf = newBuffer(150, 500).writerIndex(100);
        assertThat(buf.writableBytes()).isEqualTo(50);
        assertThat(buf.maxWritableBytes()).isEqualTo(400);
        int fast = buf.maxFastWritableBytes();
        assertThat(fast).isBetween(50, 400);
        Object place = place(buf);
        buf.writeBytes(new byte[fast]);
        assertThat(place(buf)).isEqualTo(place);
        assertThat(buf.maxFastWritableBytes()).isZero();
        buf.capacity(500);
        assertThat(buf.maxFastWritableBytes()).isEqualTo(500 - buf.writerIndex());
        buf.release();
    }

    @Test
    void ensureWritableUsesWhatIsFreeInPlace() {
        ByteBuf buf = newBuffer(150, 500).writerIndex(100);
        int fast = buf.maxFastWritableBytes();
        Object place = place(buf);
        buf.ensureWritable(fast);
        assertThat(place(buf)).isEqualTo(place);
        assertThat(buf.capacity()).isEqualTo(100 + fast);
        buf.release();
    }

    @Test
    void ensureWritableBeyondTheMaximumIsRefused() {
        ByteBuf buf = newBuffer(1, 10);
        buf.ensureWritable(3);
        assertThat(buf.writableBytes()).isGreaterThanOrEqualTo(3);
        assertThatThrownBy(() -> buf.ensureWritable(11)).isInstanceOf(IndexOutOfBoundsException.class);
        buf.release();
    }

    @Test
    void isContiguous() {
        ByteBuf buf = newBuffer(4);
        assertThat(buf.isContiguous()).isTrue();
        buf.release();
    }

    @Test
    void distinctBuffersDoNotOverlap() {
        ByteBuf a = newBuffer(16384);
        ByteBuf b = newBuffer(65536);
        a.setByte(a.capacity() - 1, 1);
        b.setByte(0, 2);
        assertThat(a.getByte(a.capacity() - 1)).isEqualTo((byte) 1);
        a.release();
        b.release();
    }

    private static Object place(ByteBuf buf) {
        return buf.hasMemoryAddress() ? buf.memoryAddress() : System.identityHashCode(buf.array()) + buf.arrayOffset();
    }
}
