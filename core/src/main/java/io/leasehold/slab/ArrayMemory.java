package io.leasehold.slab;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.event.FlightEvents;
import org.jspecify.annotations.Nullable;

/// Slabs of byte arrays, for blocks on the Java heap. The garbage collector frees a slab that was removed.
///
/// **Threads.** Thread-safe.
final class ArrayMemory implements SlabMemory {

    private static final int PAGE_BYTES = 4 << 10;

    private final Class<?> allocatorType; // (C)

    /// @param allocatorType class that events of slabs show as their allocator
    ArrayMemory(Class<?> allocatorType) {
        this.allocatorType = allocatorType;
    }

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
        byte[] array = new byte[(int) byteSize];
        SlabRun run = new SlabRun(array, 0, 0, 0, pages);
        record(run, true);
        return run;
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
        record(run, false); // the garbage collector frees the array when no slab refers to it
    }

    private void record(SlabRun run, boolean isAllocated) {
        byte[] array = run.array;
        if (array != null) {
            FlightEvents.chunk(allocatorType, array.length, false, 0, isAllocated);
        }
    }

    @Override
    public void giveUp(SlabRun run) {
        free(run);
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
