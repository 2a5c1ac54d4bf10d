package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.os.VirtualMemory;
import java.util.BitSet;

/// A model of a kernel that writes no page before write-back starts, and completes none before a thread waits for it.
/// It measures how much of a file is dirty at most.
///
/// **Threads.** Confined to the test's thread.
final class DirtyPages implements WatchedFiles.Watcher {

    private static final long PAGE = VirtualMemory.system().pageSize();

    private final BitSet dirty = new BitSet();
    private final BitSet inFlight = new BitSet();
    private long peak; // maximum of dirty bytes

    @Override
    public void written(long byteOffset, byte[] content) {
        if (content.length > 0) {
            dirty.set((int) (byteOffset / PAGE), (int) ((byteOffset + content.length - 1) / PAGE) + 1);
            BitSet all = (BitSet) dirty.clone();
            all.or(inFlight);
            peak = Math.max(peak, all.cardinality() * PAGE);
        }
    }

    @Override
    public void writtenBack(long from, long end, boolean isDone) {
        int first = (int) (from / PAGE);
        int last = (int) ((end + PAGE - 1) / PAGE);
        inFlight.clear(first, last);
        for (int page = dirty.nextSetBit(first); page >= 0 && page < last; page = dirty.nextSetBit(page + 1)) {
            inFlight.set(page);
            dirty.clear(page);
        }
    }

    /// Checks the limits of the peak, and starts again.
    void checkAndRestart(long atLeast, long atMost) {
        assertThat(peak).isBetween(atLeast, atMost);
        peak = 0;
        dirty.clear();
        inFlight.clear();
    }
}
