package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.os.VirtualMemory;
import java.util.BitSet;

/// A kernel that writes no page before it is told to, and finishes none before it is waited for: how much of a file is
/// dirty at most.
///
/// **Threads.** Confined to the test's thread.
final class DirtyPages implements WatchedFiles.Watcher {

    private static final long PAGE = VirtualMemory.system().pageSize();

    private final BitSet dirty = new BitSet();
    private final BitSet underWay = new BitSet();
    private long peak; // in bytes

    @Override
    public void written(long byteOffset, byte[] content) {
        if (content.length > 0) {
            dirty.set((int) (byteOffset / PAGE), (int) ((byteOffset + content.length - 1) / PAGE) + 1);
            BitSet all = (BitSet) dirty.clone();
            all.or(underWay);
            peak = Math.max(peak, all.cardinality() * PAGE);
        }
    }

    @Override
    public void writtenBack(long from, long end, boolean isDone) {
        int first = (int) (from / PAGE);
        int last = (int) ((end + PAGE - 1) / PAGE);
        underWay.clear(first, last);
        for (int page = dirty.nextSetBit(first); page >= 0 && page < last; page = dirty.nextSetBit(page + 1)) {
            underWay.set(page);
            dirty.clear(page);
        }
    }

    /// Checks that there was much, and not too much, and starts anew.
    void checkAndRestart(long atLeast, long atMost) {
        assertThat(peak).isBetween(atLeast, atMost);
        peak = 0;
        dirty.clear();
        underWay.clear();
    }
}
