package io.leasehold.netty.uring;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// Checks that the bytes of one connection are the bytes that were sent: a sequence of random bytes, repeated.
///
/// **Threads.** Used by one thread at a time.
final class PatternSink {

    /// Not a power of two, so that the content differs from page to page.
    private static final int PERIOD = 65_521;

    private static final byte[] PATTERN = pattern();

    private final byte[] received = new byte[PERIOD];
    private long position;

    private static byte[] pattern() {
        byte[] pattern = new byte[2 * PERIOD];
        int noise = 1;
        for (int i = 0; i < PERIOD; i++) {
            noise = noise * 1_103_515_245 + 12_345;
            pattern[i] = (byte) (noise >>> 16);
            pattern[i + PERIOD] = pattern[i];
        }
        return pattern;
    }

    /// Copies the bytes that are sent from `position` on, at most one period.
    static void fill(byte[] into, int length, long position) {
        System.arraycopy(PATTERN, (int) (position % PERIOD), into, 0, length);
    }

    static int period() {
        return PERIOD;
    }

    /// Reads all readable bytes. The caller still releases the buffer.
    ///
    /// @throws AssertionError at the first wrong byte
    void check(ByteBuf read) {
        while (read.isReadable()) {
            int length = Math.min(read.readableBytes(), PERIOD);
            read.readBytes(received, 0, length);
            check(received, length);
        }
    }

    void check(byte[] bytes, int length) {
        int from = (int) (position % PERIOD);
        int wrong = Arrays.mismatch(bytes, 0, length, PATTERN, from, from + length);
        if (wrong >= 0) {
            throw new AssertionError("wrong byte at " + (position + wrong));
        }
        position += length;
    }

    /// {@return the number of correct bytes so far}
    long position() {
        return position;
    }
}
