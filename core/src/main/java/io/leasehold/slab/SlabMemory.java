package io.leasehold.slab;

import org.jspecify.annotations.Nullable;

/// What slabs are made of.
///
/// **Threads.** Thread-safe, except that a run is worked on by one thread at a time.
sealed interface SlabMemory permits ArenaMemory, ArrayMemory {

    /// {@return the bytes of a page, of which runs are made}
    int pageByteSize();

    /// {@return a run of `pages` pages, or null if there is none within the bound}
    @Nullable SlabRun carve(int pages);

    /// Lengthens a run in place. The caller notes its new length.
    ///
    /// @return whether the `more` pages behind it were free
    boolean tryGrow(SlabRun run, int more);

    /// {@return whether a run costs little more than a look for it: no zeroes, and no call of the kernel for each page}
    boolean carvesQuickly();

    /// {@return whether a part of a run can be given back}
    boolean canSplit();

    /// Cuts a wired run where runs can be split: parts that stay become runs, and the other parts are given back.
    /// Allocates nothing on the Java heap.
    void split(SlabSplit split);

    /// Ends the wiring of a run, before [#free].
    ///
    /// @throws io.leasehold.error.SystemCallException if the kernel does not let go of it; nothing is changed then
    void unwire(SlabRun run);

    /// Gives a run back that was unwired. Asks the kernel for nothing, and cannot fail.
    void free(SlabRun run);

    /// Ends the use of this memory, when all runs are back.
    void close();
}
