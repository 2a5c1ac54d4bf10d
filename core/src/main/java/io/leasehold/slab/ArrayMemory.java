package io.leasehold.slab;

import io.leasehold.budget.MemoryBudget;
import org.jspecify.annotations.Nullable;

/// Slabs of byte arrays, for blocks on the Java heap. The garbage collector frees a slab that was removed.
///
/// **Threads.** Thread-safe.
final class ArrayMemory implements SlabMemory {

    private static final int PAGE_BYTES = 4 << 10;

    @Override
    public int pageByteSize() {
        return PAGE_BYTES;
    }

    @Override
    public @Nullable MemoryBudget budget() {
        return null;
    }

    @Override
    public @Nullable SlabRun carve(int pages) {
        long byteSize = Math.min((long) pages * PAGE_BYTES, SizeClasses.MAX_BYTES);
        return new SlabRun(new byte[(int) byteSize], 0, 0, 0, pages);
    }

    @Override
    public boolean isPlentiful() {
        return true; // the collector and not a limit of this library bounds the arrays
    }

    @Override
    public boolean tryGrow(SlabRun run, int more) {
        return false;
    }

    @Override
    public boolean carvesQuickly() {
        return false;
    }

    @Override
    public boolean canSplit() {
        return false;
    }

    @Override
    public void split(SlabSplit split) {
        throw new UnsupportedOperationException("slab on the Java heap cannot be split: run=" + split.run());
    }

    @Override
    public void unwire(SlabRun run) {
        // arrays are not wired
    }

    @Override
    public void free(SlabRun run) {
        // the garbage collector frees the array when no slab refers to it
    }

    @Override
    public void giveUp(SlabRun run) {
        // as above
    }

    @Override
    public void freeGivenUp() {
        // there is none
    }

    @Override
    public int givenUpPages() {
        return 0;
    }

    @Override
    public void close() {
        // there is nothing to close
    }

    @Override
    public String toString() {
        return "ArrayMemory";
    }
}
