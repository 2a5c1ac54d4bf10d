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

    /// So that no piece of a file stands in for another one.
    private static final int PIECE_STEP = 4_099;

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

    /// {@return whether `bytes` from `from` to `to` are those of body `id` at `byteOffset`; behind its longest, bodies
    /// of other numbers follow, as in a file}
    static boolean matches(int id, int byteOffset, byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            int position = byteOffset + at - from;
            int within = position % MAX_BYTES;
            int count = Math.min(to - at, MAX_BYTES - within);
            int start = start(pieceId(id, position / MAX_BYTES)) + within;
            if (!Arrays.equals(TABLE, start, start + count, bytes, at, at + count)) {
                return false;
            }
            at += count;
        }
        return true;
    }

    /// {@return the number of the body that is piece `piece` of a file, each of which has [#MAX_BYTES]}
    static int pieceId(int id, int piece) {
        return id + piece * PIECE_STEP;
    }

    private static int start(int id) {
        return id & STARTS - 1;
    }
}
