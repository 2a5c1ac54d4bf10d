package io.leasehold.page;

import static io.leasehold.page.BitmapLayout.mask;
import static io.leasehold.page.BitmapLayout.nextWord;
import static io.leasehold.page.BitmapLayout.wordOffset;

import io.leasehold.memory.OffHeap;
import java.util.BitSet;

/// Queries of an off-heap bitmap with one bit for each page, in the layout of [BitmapLayout].
///
/// **Threads.** Guarded by the lock that guards the bitmap.
final class Bitmap {

    static final int NONE = -1;

    private Bitmap() {}

    /// {@return number of set bits among those from `page` up to, but not including, `end`}
    static int count(long bitmap, int page, int end) {
        int count = 0;
        for (int at = page; at < end; at = nextWord(at)) {
            count += Long.bitCount(bits(bitmap, at, end));
        }
        return count;
    }

    /// {@return the first page whose bit is set among those from `page` up to, but not including, `end`; or [#NONE]}
    static int firstSet(long bitmap, int page, int end) {
        for (int at = page; at < end; at = nextWord(at)) {
            long bits = bits(bitmap, at, end);
            if (bits != 0) {
                return (at & -Long.SIZE) + Long.numberOfTrailingZeros(bits);
            }
        }
        return NONE;
    }

    /// {@return a copy of the bits of the pages up to, but not including, `end`}
    static BitSet copy(long bitmap, int end) {
        BitSet copy = new BitSet();
        for (int page = firstSet(bitmap, 0, end); page >= 0; page = firstSet(bitmap, page + 1, end)) {
            copy.set(page);
        }
        return copy;
    }

    private static long bits(long bitmap, int page, int end) {
        return OffHeap.getLong(bitmap + wordOffset(page)) & mask(page, end);
    }
}
