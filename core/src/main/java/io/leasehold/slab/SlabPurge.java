package io.leasehold.slab;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The purge of one slab: which of its pages stay.
///
/// All objects are made before the purge changes anything, so that it does not end half-way for want of Java heap.
///
/// **Threads.** Confined to the thread that purges.
final class SlabPurge {

    private final int number; // (C) of the slab
    private final Slab slab; // (C)
    private final List<SlabSplit> splits = new ArrayList<>(); // (C) the runs of which pages go
    private final List<SlabRun> kept = new ArrayList<>(); // (C) the runs that are left after [#freePages]
    private final int pagesToFree; // (C)
    private boolean isDone; // (O)

    /// Plans a purge.
    ///
    /// @param keep pages that stay, counted from the first page of the slab on
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

    /// {@return the runs of the slab, after [#freePages] those that were kept}
    List<SlabRun> left() {
        return isDone ? kept : slab.runs();
    }

    /// Gives the pages back that do not stay.
    ///
    /// @return number of pages that went
    int freePages(SlabMemory memory) {
        for (int i = 0; i < splits.size(); i++) {
            memory.split(splits.get(i));
        }
        isDone = true;
        return pagesToFree;
    }
}
