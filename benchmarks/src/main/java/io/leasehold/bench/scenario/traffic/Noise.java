package io.leasehold.bench.scenario.traffic;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/// The content of the traffic, known to both ends. A connection repeats one stretch of noise. A datagram contains its
/// number, noise, and a value that is computed from its number.
final class Noise {

    /// Length of the noise. It is not a power of two, so that no page has the same content as the page before it.
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

    /// {@return the eight bytes of a connection from `position` on, in little-endian order}
    static long at(long position) {
        return (long) LONGS.get(TABLE, (int) (position % PERIOD));
    }

    /// {@return true if the first `length` bytes (at most [#PERIOD]) are those of a connection from `position` on}
    static boolean matches(byte[] bytes, int length, long position) {
        int from = (int) (position % PERIOD);
        return Arrays.equals(bytes, 0, length, TABLE, from, from + length);
    }

    /// {@return the value at the end of the datagram with a number}
    static long end(long number) {
        return (number + 1) * 0x9E3779B97F4A7C15L;
    }
}
