package io.leasehold.slab;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The purge of one slab: which of its pages stay, and then the runs that are left.
///
/// **Threads.** Confined to the thread that purges.
final class SlabPurge {

    private final int number; // (C) of the slab
    private final Slab slab; // (C)
    private final BitSet keep; // (C) pages, from the first of the slab on
    private List<SlabRun> left; // (O)

    SlabPurge(int number, Slab slab, BitSet keep) {
        this.number = number;
        this.slab = slab;
        this.keep = keep;
        this.left = slab.runs();
    }

    int number() {
        return number;
    }

    Slab slab() {
        return slab;
    }

    /// {@return the runs of the slab, after [#freePages] those that were kept}
    List<SlabRun> left() {
        return left;
    }

    /// Gives the pages back that do not stay.
    ///
    /// @return number of pages that went
    int freePages(SlabMemory memory) {
        int before = slab.pages();
        List<SlabRun> kept = new ArrayList<>();
        for (SlabRun run : left) {
            int first = (int) ((run.address - slab.addressOf(0)) / memory.pageByteSize());
            BitSet pages = keep.get(first, first + run.pages);
            if (pages.cardinality() == run.pages) {
                kept.add(run);
            } else if (pages.isEmpty()) {
                memory.unwire(run);
                memory.free(run);
            } else {
                kept.addAll(memory.keep(run, pages));
            }
        }
        left = List.copyOf(kept);
        return before - left.stream().mapToInt(run -> run.pages).sum();
    }
}
