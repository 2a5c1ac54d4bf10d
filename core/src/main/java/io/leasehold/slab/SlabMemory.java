package io.leasehold.slab;

import io.leasehold.budget.MemoryBudget;
import org.jspecify.annotations.Nullable;

/// The memory of slabs: pages of an arena, or byte arrays.
///
/// **Threads.** Thread-safe, except that one thread at a time uses a run.
sealed interface SlabMemory permits ArenaMemory, ArrayMemory {

    /// {@return bytes of a page, the unit of runs}
    int pageByteSize();

    /// {@return the budget that the pages are charged to, or null if they lie on the Java heap}
    @Nullable MemoryBudget budget();

    /// {@return a new run of `pages` pages, or null if the limit is reached}
    @Nullable SlabRun carve(int pages);

    /// {@return true if at most a quarter of the memory is in use or cached, or if no limit applies} Blocks that are
    /// longer than needed then take nothing from later requests.
    boolean isPlentiful();

    /// Extends a run in place by `more` pages. The caller records the new length.
    ///
    /// @return true if the pages behind the run were free
    boolean tryGrow(SlabRun run, int more);

    /// {@return true if a new run is cheap: it is not zeroed, and needs no system call for each page}
    boolean carvesQuickly();

    /// {@return true if a part of a run can be freed}
    boolean canSplit();

    /// Splits a wired run, if [#canSplit]. The kept parts become runs, and the other parts are freed. Allocates nothing
    /// on the Java heap.
    void split(SlabSplit split);

    /// Unwires a run, before [#free].
    ///
    /// @throws io.leasehold.error.SystemCallException if the kernel fails to unlock its pages; nothing is changed then
    void unwire(SlabRun run);

    /// Frees a run that was unwired. Makes no system call, and cannot fail.
    void free(SlabRun run);

    /// Unwires and frees a run of which no slab was made. If the kernel does not unlock the run, it stays in this
    /// memory and is freed later.
    void giveUp(SlabRun run);

    /// Frees the runs that were given up and that the kernel did not unlock then.
    ///
    /// @throws io.leasehold.error.SystemCallException if the kernel does not unlock a run; the run stays here
    void freeGivenUp();

    /// {@return number of pages of the runs that were given up and are not freed yet}
    int givenUpPages();

    /// Closes this memory, after all other runs were freed.
    ///
    /// @throws io.leasehold.error.SystemCallException if the kernel does not unlock a run that was given up; nothing is
    ///     changed then
    void close();
}
