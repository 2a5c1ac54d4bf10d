package io.leasehold.slab;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The plan for splitting a run into parts, some of which are kept.
///
/// ```text
///   run     |   keep   |free| keep |     free     |
///   parts   |    0     | 1  |  2   |      3       |     SlabMemory.split fills in their handles and leases
/// ```
///
/// **Threads.** Confined to the thread that purges.
final class SlabSplit {

    private final SlabRun run; // (C)
    private final List<SlabRun> parts = new ArrayList<>(); // (C) in the order of their addresses
    private final List<SlabRun> kept = new ArrayList<>(); // (C) the parts that are kept
    private final boolean isFirstKept; // (C)

    /// Plans a split.
    ///
    /// @param keep pages of the run to keep; may be none, but not all
    SlabSplit(SlabRun run, BitSet keep, int pageByteSize) {
        this.run = run;
        this.isFirstKept = keep.get(0);
        boolean isKept = isFirstKept;
        for (int from = 0; from < run.pages; ) {
            int next = isKept ? keep.nextClearBit(from) : keep.nextSetBit(from);
            int end = next < 0 ? run.pages : Math.min(next, run.pages);
            SlabRun part = new SlabRun(run.array, run.address + (long) from * pageByteSize, 0, 0, end - from);
            parts.add(part);
            if (isKept) {
                kept.add(part);
            }
            isKept = !isKept;
            from = end;
        }
    }

    SlabRun run() {
        return run;
    }

    int partCount() {
        return parts.size();
    }

    SlabRun part(int index) {
        return parts.get(index);
    }

    boolean keeps(int index) {
        return isFirstKept == (index % 2 == 0);
    }

    List<SlabRun> kept() {
        return kept;
    }
}
