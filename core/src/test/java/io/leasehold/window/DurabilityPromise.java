package io.leasehold.window;

import java.util.Arrays;

/// The guarantee of [MappedFile] for an OWNED file after a power failure, derived only from the calls of its user: the
/// values that each byte may have, and the lengths of the file.
///
/// **Threads.** Confined to the test's thread.
final class DurabilityPromise {

    private static final int WORDS = 256 / Long.SIZE;

    private final byte[] now; // zero behind the end
    private final long[] values; // one bit for each possible value of each byte
    private final LengthSpans lengths = new LengthSpans();
    private int byteSize;
    private int lentFrom; // start of the outstanding window
    private int lentEnd;

    DurabilityPromise(int mostBytes) {
        this.now = new byte[mostBytes];
        this.values = new long[mostBytes * WORDS];
        confirm(0, mostBytes, true);
    }

    int byteSize() {
        return byteSize;
    }

    /// {@return the content of a part of the file}
    byte[] part(int from, int end) {
        return Arrays.copyOfRange(now, from, end);
    }

    /// Records the start of a write.
    void willWrite(int from, byte[] content) {
        for (int i = 0; i < content.length; i++) {
            allow(from + i, content[i]);
        }
        if (from + content.length > byteSize) {
            lengths.add(byteSize, from + content.length);
        }
    }

    /// Records the end of a write.
    void hasWritten(int from, byte[] content) {
        System.arraycopy(content, 0, now, from, content.length);
        byteSize = Math.max(byteSize, from + content.length);
    }

    /// Records the outstanding window, or none. Stores through it may be forced before its release.
    void lent(int from, int end) {
        lentFrom = from;
        lentEnd = end;
    }

    void willTruncate(int newByteSize) {
        for (int i = newByteSize; i < byteSize; i++) {
            allow(i, (byte) 0);
        }
        lengths.add(newByteSize, newByteSize);
    }

    void hasTruncated(int newByteSize) {
        Arrays.fill(now, newByteSize, now.length, (byte) 0);
        byteSize = newByteSize;
    }

    /// Records a force of a range; if it is all of the file, of the length too.
    void confirm(int from, int end, boolean isAll) {
        for (int i = from; i < (isAll ? now.length : Math.min(end, byteSize)); i++) {
            if (i < lentFrom || i >= lentEnd) {
                Arrays.fill(values, i * WORDS, (i + 1) * WORDS, 0);
                allow(i, now[i]);
            }
        }
        if (isAll) {
            lengths.become(byteSize, Math.max(byteSize, lentEnd));
        } else if (from < Math.min(end, byteSize)) {
            lengths.atLeast(Math.min(end, byteSize));
        }
    }

    /// Checks the content after a power failure.
    void check(byte[] file) {
        if (!lengths.has(file.length)) {
            throw new AssertionError("length=" + file.length + ", promised=" + lengths);
        }
        for (int i = 0; i < file.length; i++) {
            int value = file[i] & 0xFF;
            if ((values[i * WORDS + value / Long.SIZE] & (1L << value)) == 0) {
                throw new AssertionError("byteOffset=" + i + ", value=" + value + ", written=" + (now[i] & 0xFF)
                        + ", length=" + file.length);
            }
        }
    }

    private void allow(int at, byte value) {
        values[at * WORDS + (value & 0xFF) / Long.SIZE] |= 1L << value;
    }
}
