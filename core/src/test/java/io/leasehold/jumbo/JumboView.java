package io.leasehold.jumbo;

import io.leasehold.memory.OffHeap;

/// The object of a page in tests: the address, and what was written to the page.
///
/// **Threads.** Confined to the holder of the page.
public final class JumboView {

    public final int page;
    public final long address;
    public final int byteSize;

    public JumboView(JumboPool<JumboView> pool, int page, long address, int byteSize) {
        this.page = page;
        this.address = address;
        this.byteSize = byteSize;
    }

    /// Writes every byte, in words that depend on the stamp and the offset.
    public void write(long stamp) {
        for (int at = 0; at < byteSize; at += Long.BYTES) {
            OffHeap.putLong(address + at, word(stamp, at));
        }
    }

    /// Fails unless every byte is as [#write] wrote it.
    public void check(long stamp) {
        for (int at = 0; at < byteSize; at += Long.BYTES) {
            long found = OffHeap.getLong(address + at);
            if (found != word(stamp, at)) {
                throw new AssertionError(
                        "page %d has 0x%x at %d, and was stamped %d".formatted(page, found, at, stamp));
            }
        }
    }

    public static long word(long stamp, int at) {
        return (stamp + 1) * 0x9E37_79B9_7F4A_7C15L ^ at;
    }
}
