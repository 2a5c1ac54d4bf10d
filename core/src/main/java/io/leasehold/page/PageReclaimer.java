package io.leasehold.page;

/// Keeps free pages of an arena in caches of its own, and gives them back: a heap of blocks, a jumbo ring.
///
/// ```text
///   decay    by the clock   gives back what was not needed since the last tick
///   shrink   under pressure gives back what is not in use
///   trim     when asked     gives back all of it
/// ```
///
/// A callback may only free pages. Allocating would call the reclaimer again, and closing the arena would deadlock.
///
/// **Cost.** Both do work in proportion to what changed since their last call. When nothing changed they take no lock,
/// call no barrier and look at a few words. They hold a lock that others may need for a hundred microseconds at most
/// each time.
///
/// **Failures.** A `RuntimeException` is logged, once for each reclaimer, and the other reclaimers are called. An
/// `Error` reaches the thread that needed pages. The arena is consistent in both cases, and pages that were freed
/// before the failure stay freed.
///
/// **Threads.** Called without any lock of the arena: [#decay] by one thread at a time, [#shrink] and [#trim] by any
/// thread.
public interface PageReclaimer {

    /// How far a reclaimer came.
    enum Progress {
        /// Nothing is left to give back. The reclaimer is not called again before [PageArena#requestDecay].
        DONE,
        /// It is called again in the next tick.
        NEXT_TICK,
        /// The pace was spent. It is called again as soon as background work has its turn.
        UNFINISHED
    }

    /// Gives back what was not needed since the last tick. Called about eight times in each decay.
    ///
    /// @param pace when to stop; at least one step is done in any case
    /// @return whether to call it again
    Progress decay(Pace pace);

    /// Gives back everything that is not in use, because an allocation found no page. Caches of other threads may be
    /// left alone if looking into them was in vain just before.
    ///
    /// @return number of pages that were freed
    int shrink();

    /// Gives back everything that is not in use, in the caches of all threads too, because the arena is trimmed.
    ///
    /// @return number of pages that were freed
    default int trim() {
        return shrink();
    }

    /// {@return true if the arena must not be closed while this is registered, though no page is in use}
    default boolean keepsOpen() {
        return false;
    }
}
