package io.leasehold.window;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;

/// The expected content of a file that several threads change, each in a stripe of its own. The last stripe is the end
/// of the file, so its owner truncates and extends the file.
///
/// ```text
///   0    1    2    3
///   |  stripe  |  stripe  |  stripe  |  last stripe ... end
///   stamp: odd while its owner changes it
/// ```
///
/// A reader compares the stamps before and after its read. A stripe whose stamp is even and the same was not changed
/// meanwhile, so its bytes are known exactly. Nothing is known of the other stripes.
///
/// **Threads.** Thread-safe; a stripe is changed by its owner.
final class SharedFileModel {

    /// Stripes begin inside pages, so that neighbours share a page.
    static final int STRIPE_BYTES = 2 * WindowCacheFixture.WINDOW_BYTES + 1001;

    private final int stripes; // (C)
    private final byte[] bytes; // (O) each stripe by its owner; other threads read between two stamps
    private final AtomicIntegerArray stamps; // (A)
    private volatile int end; // (O) the owner of the last stripe

    SharedFileModel(int stripes) {
        this.stripes = stripes;
        this.bytes = new byte[(stripes + 1) * STRIPE_BYTES];
        this.stamps = new AtomicIntegerArray(stripes);
        this.end = lastStart();
    }

    /// {@return the maximum length of the file}
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

    /// {@return the maximum end of a stripe}
    int limit(int stripe) {
        return isLast(stripe) ? maxByteSize() : start(stripe + 1);
    }

    /// Marks the start or the end of a change of the caller's stripe.
    void step(int stripe) {
        stamps.incrementAndGet(stripe);
    }

    /// Changes a range within one stripe, between two calls of [#step]. The last stripe grows, over zeroes.
    void put(int from, byte[] content) {
        System.arraycopy(content, 0, bytes, from, content.length);
        if (content.length > 0 && from >= lastStart()) {
            end = Math.max(end, from + content.length); // one thread only, so no update is lost
        }
    }

    /// Truncates or extends the last stripe, between two calls of [#step].
    void truncate(int newEnd) {
        Arrays.fill(bytes, newEnd, bytes.length, (byte) 0);
        end = newEnd;
    }

    /// {@return the argument for [#check]}
    int[] stamps() {
        int[] now = new int[stripes];
        Arrays.setAll(now, stamps::get);
        return now;
    }

    /// Checks the bytes that were read from `from` on.
    ///
    /// @param count number of bytes that the read returned
    /// @param before the stamps before the read
    void check(String what, int from, int byteSize, MemorySegment read, long count, int[] before) {
        byte[] expected = new byte[byteSize];
        System.arraycopy(bytes, from, expected, 0, Math.min(byteSize, bytes.length - from));
        int endNow = end;
        VarHandle.loadLoadFence(); // the content is read before the stamps
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
