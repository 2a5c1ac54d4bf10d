package io.leasehold.window;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// What a file should be that several threads change, each in a stripe of its own, the last of which is the end of the
/// file, so that who owns that one cuts and grows it.
///
/// ```text
///   0          1          2          3
///   |  stripe  |  stripe  |  stripe  |  last stripe ... end
///   stamp: odd while its owner changes it
/// ```
///
/// Whoever reads looks at the stamps before and after. A stripe whose stamp is even and the same was not changed
/// meanwhile, so what was read of it is known to the byte; of the others nothing is.
///
/// **Threads.** Thread-safe; a stripe is changed by its owner.
final class SharedFileModel {

    /// Stripes begin within pages, so that every two owners share one.
    static final int STRIPE_BYTES = 2 * WindowBed.WINDOW_BYTES + 1001;

    private final int stripes; // (C)
    private final byte[] bytes; // (O) each stripe by its owner; others look between two stamps
    private final AtomicIntegerArray stamps; // (A)
    private volatile int end; // (O) of the last stripe

    SharedFileModel(int stripes) {
        this.stripes = stripes;
        this.bytes = new byte[(stripes + 1) * STRIPE_BYTES];
        this.stamps = new AtomicIntegerArray(stripes);
        this.end = lastStart();
    }

    /// {@return how many bytes the file never exceeds}
    int maxByteSize() {
        return bytes.length;
    }

    int end() {
        return end;
    }

    int lastStart() {
        return start(stripes - 1);
    }

    boolean isLast(int stripe) {
        return stripe == stripes - 1;
    }

    static int start(int stripe) {
        return stripe * STRIPE_BYTES;
    }

    /// {@return how far a stripe reaches at most}
    int limit(int stripe) {
        return isLast(stripe) ? maxByteSize() : start(stripe + 1);
    }

    /// Says that the caller's stripe is being changed, or not any more.
    void step(int stripe) {
        stamps.incrementAndGet(stripe);
    }

    /// Changes a range within one stripe, between two calls of [#step]; the last one grows with it, over zeroes.
    void put(int from, byte[] content) {
        System.arraycopy(content, 0, bytes, from, content.length);
        if (content.length > 0 && from >= lastStart()) {
            end = Math.max(end, from + content.length); // by one thread alone, or another end could be lost
        }
    }

    /// Cuts or grows the last stripe, between two calls of [#step].
    void truncate(int newEnd) {
        Arrays.fill(bytes, newEnd, bytes.length, (byte) 0);
        end = newEnd;
    }

    /// {@return what [#check] is to be told}
    int[] stamps() {
        int[] now = new int[stripes];
        Arrays.setAll(now, stamps::get);
        return now;
    }

    /// Checks what was read from `from` on, of as many bytes as were asked for.
    ///
    /// @param count how many there were
    /// @param before the stamps before it was read
    void check(String what, int from, int byteSize, MemorySegment read, long count, int[] before) {
        byte[] expected = new byte[byteSize];
        System.arraycopy(bytes, from, expected, 0, Math.min(byteSize, bytes.length - from));
        int endNow = end;
        VarHandle.loadLoadFence(); // what was read above was read before the stamps are
        int[] after = stamps();
        boolean isEndKnown = isKnown(stripes - 1, before, after);
        long least = Math.clamp((long) (isEndKnown ? endNow : lastStart()) - from, 0, byteSize);
        long most = isEndKnown ? least : byteSize;
        if (count < least || count > most) {
            throw new AssertionError("%s: from=%d, byteSize=%d, count=%d, bounds=%d..%d, end=%d"
                    .formatted(what, from, byteSize, count, least, most, endNow));
        }
        for (int stripe = 0; stripe < stripes; stripe++) {
            int first = Math.max(start(stripe) - from, 0);
            long last = Math.min(limit(stripe) - from, count);
            if (first < last && isKnown(stripe, before, after)) {
                MemorySegment wanted = MemorySegment.ofArray(expected);
                long at = MemorySegment.mismatch(read, first, last, wanted, first, last);
                if (at >= 0) {
                    throw new AssertionError("%s: wrong byte, from=%d, byteSize=%d, count=%d, stripe=%d, at=%d"
                            .formatted(what, from, byteSize, count, stripe, first + at));
                }
            }
        }
    }

    private static boolean isKnown(int stripe, int[] before, int[] after) {
        return before[stripe] % 2 == 0 && before[stripe] == after[stripe];
    }
}
