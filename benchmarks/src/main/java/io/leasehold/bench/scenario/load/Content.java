package io.leasehold.bench.scenario.load;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.SplittableRandom;

/// The content of bodies, known to both ends. The body with number `id` is a stretch of one random table.
///
/// So a body is written with one copy, like a cached body, and checked with one comparison. A missing byte or a byte of
/// another body is detected.
public final class Content {

    /// Maximum length of a body in bytes.
    public static final int MAX_BYTES = 1 << 20;

    /// Header of a request with the CRC32C of its body, in hexadecimal.
    public static final String SUM_HEADER = "x-crc32c";

    /// Number of different bodies. Two numbers have different bodies if they differ by less than this.
    private static final int STARTS = 1 << 16;

    /// Distance of the pieces of a file, so that no two pieces have the same content.
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

    /// {@return true if `bytes` from `from` to `to` are those of body `id` at `byteOffset`} After the longest body the
    /// bodies of other numbers follow, as in a file.
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

    /// {@return the number of the body in piece `piece` of a file; each piece has [#MAX_BYTES]}
    static int pieceId(int id, int piece) {
        return id + piece * PIECE_STEP;
    }

    private static int start(int id) {
        return id & STARTS - 1;
    }
}
