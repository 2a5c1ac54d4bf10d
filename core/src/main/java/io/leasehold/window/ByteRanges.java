package io.leasehold.window;

import io.leasehold.memory.FullHeap;
import java.util.Arrays;

/// A set of file ranges, disjoint, ordered and limited in number. Beyond the limit the two nearest ranges are joined,
/// with the gap between them.
///
/// ```text
///   [0, 8192)   [40960, 45056)        + [4096, 12288)  =  [0, 12288)   [40960, 45056)
/// ```
///
/// So a set always contains the bytes that were added and not removed since, and may contain more. This is safe for its
/// uses: a range is then forced or written back too often, or counts as failed without need.
///
/// **Threads.** Guarded by the lock of its owner.
///
/// **Failures.** A change needs space for one more range at most, and each change leaves space for one. If the Java
/// heap is too full for longer arrays, ranges are joined earlier. So no change fails for lack of heap.
///
/// **Invariants.** I1: no range is empty, and there is a gap between two ranges. I2: there are at most `most` ranges.
/// I3: the arrays have space for one range more.
final class ByteRanges {

    /// Initial capacity, enough for a file that is written from start to end.
    private static final int FEW = 4;

    private final int most; // (C) maximum number of ranges
    private long[] starts = new long[FEW]; // (L)
    private long[] ends = new long[FEW]; // (L)
    private int count; // (L)
    private long byteSize; // (L) sum over all ranges

    /// @param most maximum number of ranges, at least 1
    ByteRanges(int most) {
        this.most = most;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /// {@return the total size of all ranges in bytes}
    long byteSize() {
        return byteSize;
    }

    /// {@return the start of the first range; there must be one}
    long start() {
        return starts[0];
    }

    /// {@return the end of the last range; there must be one}
    long end() {
        return ends[count - 1];
    }

    void add(long from, long end) {
        if (from >= end) {
            return;
        }
        int first = firstEndingFrom(from);
        int behind = first;
        long mergedFrom = from;
        long mergedEnd = end;
        while (behind < count && starts[behind] <= end) {
            mergedFrom = Math.min(mergedFrom, starts[behind]);
            mergedEnd = Math.max(mergedEnd, ends[behind]);
            behind++;
        }
        replace(first, behind, mergedFrom, mergedEnd);
    }

    void addAll(ByteRanges others) {
        for (int i = 0; i < others.count; i++) {
            add(others.starts[i], others.ends[i]);
        }
    }

    void remove(long from, long end) {
        // a range that only touches the removed one is unchanged
        int first = from >= end ? count : firstEndingFrom(from + 1);
        while (first < count && starts[first] < end) {
            long start = starts[first];
            long last = ends[first];
            replace(first, first + 1, 0, 0);
            if (start < from) {
                insert(first++, start, from);
            }
            if (last > end) {
                insert(first++, end, last);
            }
        }
        squeeze();
    }

    void clear() {
        count = 0;
        byteSize = 0;
    }

    /// {@return the part of this set between two offsets}
    ByteRanges within(long from, long end) {
        ByteRanges part = new ByteRanges(most);
        for (int i = firstEndingFrom(from); i < count && starts[i] < end; i++) {
            part.add(Math.max(from, starts[i]), Math.min(end, ends[i]));
        }
        return part;
    }

    void checkInvariants() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += ends[i] - starts[i];
            if (starts[i] >= ends[i] || (i > 0 && ends[i - 1] >= starts[i])) {
                throw new AssertionError("I1: " + this);
            }
        }
        if (count > most || sum != byteSize) {
            throw new AssertionError("I2: count=" + count + ", sum=" + sum + ", byteSize=" + byteSize + ", " + this);
        }
        if (count >= starts.length || starts.length > ends.length) {
            throw new AssertionError("I3: count=" + count + ", " + starts.length + " and " + ends.length);
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : ", ").append(starts[i]).append("..").append(ends[i]);
        }
        return text.append(']').toString();
    }

    /// {@return the index of the first range that ends at `place` or behind it}
    private int firstEndingFrom(long place) {
        int found = Arrays.binarySearch(ends, 0, count, place);
        return found < 0 ? -found - 1 : found;
    }

    /// Replaces the ranges from `first` up to `behind` by one range, or by none if it is empty.
    private void replace(int first, int behind, long from, long end) {
        for (int i = first; i < behind; i++) {
            byteSize -= ends[i] - starts[i];
        }
        System.arraycopy(starts, behind, starts, first, count - behind);
        System.arraycopy(ends, behind, ends, first, count - behind);
        count -= behind - first;
        if (from < end) {
            insert(first, from, end);
            squeeze();
        }
    }

    private void insert(int at, long from, long end) {
        System.arraycopy(starts, at, starts, at + 1, count - at);
        System.arraycopy(ends, at, ends, at + 1, count - at);
        starts[at] = from;
        ends[at] = end;
        byteSize += end - from;
        count++;
    }

    /// Joins ranges until there are at most `most`, and space for one more.
    private void squeeze() {
        while (count > most || (count == starts.length && !tryGrow())) {
            joinNearest();
        }
    }

    private boolean tryGrow() {
        if (FullHeap.isLikely()) {
            return false;
        }
        long begin = System.nanoTime();
        try {
            long[] longerStarts = Arrays.copyOf(starts, 2 * count);
            ends = Arrays.copyOf(ends, 2 * count);
            starts = longerStarts;
            return true;
        } catch (OutOfMemoryError e) {
            FullHeap.met(begin);
            return false;
        }
    }

    private void joinNearest() {
        int nearest = 0;
        for (int i = 1; i < count - 1; i++) {
            if (starts[i + 1] - ends[i] < starts[nearest + 1] - ends[nearest]) {
                nearest = i;
            }
        }
        replace(nearest, nearest + 2, starts[nearest], ends[nearest + 1]);
    }
}
