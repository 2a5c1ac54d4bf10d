package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Bytes of a stream are copied to a direct buffer in pieces of a bounded size. No byte that was read is lost.
class BufferStreamTest {

    private static final int BYTES = 100_000;
    private static final int MAX_PIECE_BYTES = 8 << 10;

    private final LeasedByteBufAllocator allocator = TestAllocators.small("streams");
    private final ByteBuf buf = allocator.directBuffer(BYTES, BYTES);

    @AfterEach
    void close() {
        buf.release();
        allocator.close();
    }

    /// A stream that delivers `ready` bytes without waiting, then fails or waits.
    private static final class Source extends InputStream {

        private int ready;
        private final boolean fails;
        private int largest;
        private int given;

        Source(int ready, boolean fails) {
            this.ready = ready;
            this.fails = fails;
        }

        @Override
        public int read() {
            throw new AssertionError("one byte at a time is slow");
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            largest = Math.max(largest, bytes.length);
            if (ready == 0 && fails) {
                throw new IOException("connection reset");
            }
            if (ready == 0) {
                throw new AssertionError("it would wait for ever");
            }
            int count = Math.min(length, ready);
            for (int i = 0; i < count; i++) {
                bytes[offset + i] = (byte) given++;
            }
            ready -= count;
            return count;
        }

        @Override
        public int available() {
            return fails ? ready + 1 : ready;
        }
    }

    @Test
    void allThatIsReadyIsReadInBoundedPieces() throws IOException {
        Source source = new Source(BYTES, false);
        assertThat(buf.writeBytes(source, BYTES)).isEqualTo(BYTES);
        assertThat(source.largest).isLessThanOrEqualTo(MAX_PIECE_BYTES);
        assertGiven(BYTES);
    }

    @Test
    void readingEndsWhereTheStreamWouldWait() throws IOException {
        assertThat(buf.writeBytes(new Source(20_000, false), BYTES)).isEqualTo(20_000);
        assertGiven(20_000);
    }

    @Test
    void failureAfterTheFirstPieceLosesNothing() throws IOException {
        Source source = new Source(20_000, true);
        assertThat(buf.writeBytes(source, BYTES)).isEqualTo(20_000);
        assertGiven(20_000);
        assertThatThrownBy(() -> buf.writeBytes(source, 1)).isInstanceOf(IOException.class);
        assertThat(buf.writerIndex()).isEqualTo(20_000);
    }

    @Test
    void endOfTheStreamIsReported() throws IOException {
        byte[] few = new byte[10_000];
        Arrays.fill(few, (byte) 7);
        InputStream in = new ByteArrayInputStream(few);
        assertThat(buf.writeBytes(in, BYTES)).isEqualTo(10_000);
        assertThat(buf.writeBytes(in, 1)).isEqualTo(-1);
    }

    private void assertGiven(int count) {
        assertThat(buf.writerIndex()).isEqualTo(count);
        for (int i = 0; i < count; i++) {
            assertThat(buf.getByte(i)).isEqualTo((byte) i);
        }
    }
}
