package io.leasehold.bench.traffic;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/// What is sent, on which both ends agree: on a connection a stretch of noise, again and again; in a datagram its
/// number, noise, and what follows from its number.
final class Noise {

    /// Not a power of two, so that no page holds what the page before it held.
    static final int PERIOD = 65_521;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final byte[] TABLE = table();

    private Noise() {}

    private static byte[] table() {
        byte[] table = new byte[2 * PERIOD];
        new SplittableRandom(9).nextBytes(table);
        System.arraycopy(table, 0, table, PERIOD, PERIOD);
        return table;
    }

    /// {@return a direct buffer from which any stretch of up to `byteSize` bytes can be sent}
    static ByteBuffer stretch(int byteSize) {
        ByteBuffer stretch = ByteBuffer.allocateDirect(PERIOD + byteSize);
        while (stretch.hasRemaining()) {
            stretch.put(TABLE, 0, Math.min(PERIOD, stretch.remaining()));
        }
        return stretch;
    }

    /// {@return the eight bytes of a connection from `position` on, the first one lowest}
    static long at(long position) {
        return (long) LONGS.get(TABLE, (int) (position % PERIOD));
    }

    /// {@return whether the first `length` bytes, at most a period, are those of a connection from `position` on}
    static boolean matches(byte[] bytes, int length, long position) {
        int from = (int) (position % PERIOD);
        return Arrays.equals(bytes, 0, length, TABLE, from, from + length);
    }

    /// {@return what ends the datagram of that number}
    static long end(long number) {
        return (number + 1) * 0x9E3779B97F4A7C15L;
    }
}
