package io.leasehold.page.service;

/// Caches free pages of an arena, and gives them back on request. A heap of blocks and a jumbo pool are reclaimers.
///
/// ```text
///   decay        in each tick    frees pages that were not needed since the last tick
///   watch        in each tick    of an arena without decay, instead of `decay`; frees nothing
///   collectOwn   under pressure  empties the caches of the calling thread
///   shrink       under pressure  frees pages that are not in use
///   trim         on request      frees all pages that are not in use, in all threads
/// ```
///
/// A callback may only free pages. Allocating would call the reclaimer again, and closing the arena would deadlock.
///
/// **Cost.** A callback does work in proportion to what changed since its last call. If nothing changed, it takes no
/// lock, calls no barrier and loads a few words. It holds a lock that other threads may need for at most 100 us at a
/// time.
///
/// **Failures.** A `RuntimeException` is logged once for each reclaimer, and the other reclaimers are called. An
/// `Error` is thrown to the thread that needed pages. The arena is consistent in both cases. Pages that were freed
/// before the failure stay freed.
///
/// **Threads.** Called without any lock of the arena: [#decay] or [#watch] by one thread at a time, the others by any
/// thread.
/// Threads that need pages at the same time share one [#shrink].
public interface PageReclaimer {

    /// The part of its work that a reclaimer finished.
    enum Progress {
        /// All work is done. The reclaimer is not called again before [ArenaServices#requestDecay].
        DONE,
        /// The reclaimer is called again in the next tick.
        NEXT_TICK,
        /// The time limit of the step was reached. The reclaimer is called again in the next step of background work.
        UNFINISHED
    }

    /// Frees pages that were not needed since the last tick. Called about eight times in each decay.
    ///
    /// @param pace time limit; the callback does at least one step even if the limit is reached
    /// @return the part of the work that is done, which decides when the reclaimer is called again
    Progress decay(Pace pace);

    /// Sees to it that the next change requests another call, and frees no page. Called instead of [#decay] in each
    /// tick of an arena without decay, so that its numbers are shown after they changed.
    ///
    /// @return [Progress#DONE] if the callback is not needed before the next [ArenaServices#requestDecay]
    default Progress watch() {
        return Progress.DONE;
    }

    /// Makes what the calling thread caches available to the next [#shrink] of any thread. Called by each thread that
    /// finds no page, before one of them calls [#shrink] for all.
    default void collectOwn() {}

    /// Frees all pages that are not in use, because an allocation found no page. The callback may skip the caches of
    /// other threads if a recent look into them found nothing.
    ///
    /// @return number of pages that were freed
    int shrink();

    /// Frees all pages that are not in use, also those in the caches of all threads, because the arena is trimmed.
    ///
    /// @return number of pages that were freed
    default int trim() {
        return shrink();
    }

    /// {@return true if the arena must not be closed while this reclaimer is registered, even if no page is in use}
    default boolean keepsOpen() {
        return false;
    }
}
