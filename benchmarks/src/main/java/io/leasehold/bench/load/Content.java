package io.leasehold.bench.load;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.SplittableRandom;

/// The bytes of bodies, on which both ends agree: those of number `id` are a stretch of one random table.
///
/// So a body is written with one copy, as one that lies in a cache would be, and checked with one comparison; a byte
/// too few, or one of another body, does not pass.
public final class Content {

    /// The longest body, in bytes.
    public static final int MAX_BYTES = 1 << 20;

    /// The header in which a request says what the CRC32C of its body is, in hexadecimal.
    public static final String SUM_HEADER = "x-crc32c";

    /// Numbers that differ by less than this have different bodies.
    private static final int STARTS = 1 << 16;

    private static final byte[] TABLE = new byte[STARTS + MAX_BYTES];

    static {
        new SplittableRandom(1998).nextBytes(TABLE);
    }

    private Content() {}

    /// Appends the first `byteSize` bytes of body `id` to `to`.
    public static void write(ByteBuf to, int id, int byteSize) {
        to.writeBytes(TABLE, start(id), byteSize);
    }

    /// {@return the first `byteSize` bytes of body `id`}
    public static byte[] bytes(int id, int byteSize) {
        return Arrays.copyOfRange(TABLE, start(id), start(id) + byteSize);
    }

    /// {@return whether `bytes` from `from` to `to` are those of body `id` at `byteOffset`}
    static boolean matches(int id, int byteOffset, byte[] bytes, int from, int to) {
        int start = start(id) + byteOffset;
        return Arrays.equals(TABLE, start, start + to - from, bytes, from, to);
    }

    private static int start(int id) {
        return id & STARTS - 1;
    }
}
