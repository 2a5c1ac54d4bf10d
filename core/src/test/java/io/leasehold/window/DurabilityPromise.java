package io.leasehold.window;

import java.util.Arrays;

/// What [MappedFile] promises of a file of ours after a power cut, from what its user knows alone: which values each
/// byte may have, and which lengths the file.
///
/// **Threads.** Confined to the test's thread.
final class DurabilityPromise {

    private static final int WORDS = 256 / Long.SIZE;

    private final byte[] now; // zero behind the end
    private final long[] values; // a bit for each value of each byte
    private final LengthSpans lengths = new LengthSpans();
    private int byteSize;
    private int lentFrom; // of a window that is out
    private int lentEnd;

    DurabilityPromise(int mostBytes) {
        this.now = new byte[mostBytes];
        this.values = new long[mostBytes * WORDS];
        confirm(0, mostBytes, true);
    }

    int byteSize() {
        return byteSize;
    }

    /// {@return what is in a part of the file}
    byte[] part(int from, int end) {
        return Arrays.copyOfRange(now, from, end);
    }

    /// A range is about to be written.
    void willWrite(int from, byte[] content) {
        for (int i = 0; i < content.length; i++) {
            allow(from + i, content[i]);
        }
        if (from + content.length > byteSize) {
            lengths.add(byteSize, from + content.length);
        }
    }

    /// A range was written.
    void hasWritten(int from, byte[] content) {
        System.arraycopy(content, 0, now, from, content.length);
        byteSize = Math.max(byteSize, from + content.length);
    }

    /// A window is out, or none; what is stored through it may be forced before it is back.
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

    /// A range was forced, and the length if that is all of the file.
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

    /// Checks what a power cut has left.
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
