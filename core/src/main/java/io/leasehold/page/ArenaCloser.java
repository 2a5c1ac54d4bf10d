package io.leasehold.page;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.page.service.PageOwner;
import io.leasehold.page.service.PageReclaimer;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Closes an arena in two halves. After the first half no page is allocated, and the second half gives the memory back.
///
/// ```text
///   open ---> pages are live, or a heap or a pool is open: throw, nothing is changed
///     |         none, or forced
///     +-----> shut ---> maintenance ends ---> frames are closed ---> memory is given back ---> closed
///              ^  |
///              +--+  a system call fails: closing can be repeated
/// ```
///
/// A heap that closes with its arena shuts the arena first, and frees its own pages in between.
///
/// **Threads.** Thread-safe. One thread at a time shuts or closes the arena, or unregisters an owner.
final class ArenaCloser {

    private final String name; // (C) of the arena
    private final ArenaSpace space; // (C)
    private final PageFrames frames; // (C)
    private final BiasedSlots slots; // (C) of the magazines
    private final PageReclaimers reclaimers; // (C)
    private final FramePool pool; // (C)
    private final FrameAllocator allocator; // (C)
    private final ArenaReport report; // (C)
    private final Decay decay; // (C)
    private @Nullable BitSet left; // (L) this; pages that stale pointers may refer to
    private int liveAtClose; // (L) this; pages that were live at a forced close
    private boolean isKeptOpen; // (L) this
    private boolean closed; // (L) this

    ArenaCloser(
            String name,
            ArenaSpace space,
            PageFrames frames,
            BiasedSlots slots,
            PageReclaimers reclaimers,
            FramePool pool,
            FrameAllocator allocator,
            ArenaReport report,
            Decay decay) {
        this.name = name;
        this.space = space;
        this.frames = frames;
        this.slots = slots;
        this.reclaimers = reclaimers;
        this.pool = pool;
        this.allocator = allocator;
        this.report = report;
        this.decay = decay;
    }

    /// Rejects every close from now on, since all code of the process shares the arena.
    synchronized void keepOpen() {
        isKeptOpen = true;
    }

    /// Closes the arena. Closing twice has no effect.
    ///
    /// @param force true to close although pages are live, or heaps or pools are open
    /// @return number of pages that were live
    /// @throws IllegalStateException if the arena must stay open; nothing is changed then
    synchronized int close(boolean force) {
        if (closed) {
            return 0;
        }
        liveAtClose += shut(force, List.of());
        Maintenance.system().remove(decay);
        if (left == null) {
            frames.close(pool.frontier());
            // a thread that was preempted on the fast path may still write to the frames of pages in its magazine
            left = liveAtClose > 0 || !slots.isQuiet() ? pool.pagesInUse() : new BitSet();
        }
        space.close(left);
        reclaimers.clear();
        closed = true;
        return liveAtClose;
    }

    /// The first half of a close, after which no page is allocated. It changes nothing if it throws.
    ///
    /// @param closing users of the arena that are about to be closed
    /// @return number of live pages
    synchronized int shut(boolean force, Collection<? extends PageReclaimer> closing) {
        if (isKeptOpen) {
            throw new IllegalStateException("cannot close, all code of the process shares the arena: arena=" + name);
        }
        if (!force) {
            reclaimers.requireNoneBut(closing);
        }
        int live = allocator.shut(force);
        if (!pool.isClosed()) {
            throw report.pagesLive(live);
        }
        return live;
    }

    /// Unregisters an owner of pages, unless the frames are closed.
    synchronized void unregister(PageOwner owner) {
        if (!frames.isClosed()) {
            frames.unregister(owner, pool.frontier());
        }
    }
}
