package io.leasehold.slab;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The plan for purging one slab: the pages that are kept, and those that are freed.
///
/// All objects are made before the purge changes anything. So a full Java heap cannot end it half-way.
///
/// **Threads.** Confined to the thread that purges.
final class SlabPurge {

    private final int number; // (C) of the slab
    private final Slab slab; // (C)
    private final List<SlabSplit> splits = new ArrayList<>(); // (C) runs with pages to free
    private final List<SlabRun> kept = new ArrayList<>(); // (C) runs that are left after [#freePages]
    private final int pagesToFree; // (C)
    private boolean isDone; // (O)

    /// Plans a purge.
    ///
    /// @param keep pages to keep, counted from the first page of the slab
    SlabPurge(int number, Slab slab, BitSet keep, int pageByteSize) {
        this.number = number;
        this.slab = slab;
        int left = 0;
        for (SlabRun run : slab.runs()) {
            int first = (int) ((run.address - slab.addressOf(0)) / pageByteSize);
            BitSet pages = keep.get(first, first + run.pages);
            left += pages.cardinality();
            if (pages.cardinality() == run.pages) {
                kept.add(run);
            } else {
                SlabSplit split = new SlabSplit(run, pages, pageByteSize);
                splits.add(split);
                kept.addAll(split.kept());
            }
        }
        this.pagesToFree = slab.pages() - left;
    }

    int number() {
        return number;
    }

    Slab slab() {
        return slab;
    }

    /// {@return the runs of the slab; after [#freePages] only the kept ones}
    List<SlabRun> left() {
        return isDone ? kept : slab.runs();
    }

    /// Frees the pages that are not kept.
    ///
    /// @return number of pages that were freed
    int freePages(SlabMemory memory) {
        for (int i = 0; i < splits.size(); i++) {
            memory.split(splits.get(i));
        }
        isDone = true;
        return pagesToFree;
    }
}
