package io.leasehold.slab;

import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageFrames;
import io.leasehold.page.PageOwner;
import org.jspecify.annotations.Nullable;

/// Slabs of pages: each run is allocated, wired and leased once, and its blocks are sub-let from that lease.
///
/// ```text
///   page run ---> wired ---> lease ---> slab ---> blocks
/// ```
///
/// **Threads.** Thread-safe, except that a run is worked on by one thread at a time.
final class ArenaMemory implements SlabMemory {

    private static final long MAX_PAGE_BYTES = 64 << 10;

    private final PageArena arena; // (C)
    private final PageFrames frames; // (C)
    private final PageOwner owner; // (C)
    private final LeasePool leases; // (C)
    private final int pageByteSize; // (C)

    ArenaMemory(PageArena arena, String name) {
        if (arena.options().pageByteSize() > MAX_PAGE_BYTES) {
            throw new IllegalArgumentException("pages are too large for slabs: arena="
                    + arena.options().name() + ", pageByteSize="
                    + arena.options().pageByteSize() + ", max="
                    + MAX_PAGE_BYTES);
        }
        this.arena = arena;
        this.frames = arena.frames();
        this.owner = frames.register(name);
        this.leases = LeasePool.open(arena, LeasePoolOptions.directMap().withName(name));
        this.pageByteSize = Math.toIntExact(arena.options().pageByteSize());
    }

    @Override
    public int pageByteSize() {
        return pageByteSize;
    }

    @Override
    public @Nullable SlabRun carve(int pages) {
        if (pages > arena.options().byteSize() / pageByteSize) {
            return null;
        }
        long page = arena.tryAllocateRun(pages);
        if (page == PageArena.NO_PAGE) {
            return null;
        }
        SlabRun run = null;
        try {
            run = new SlabRun(null, frames.address(page), page, 0, pages);
        } finally {
            if (run == null) {
                arena.free(page); // no room on the Java heap
            }
        }
        try {
            lease(run);
            return run;
        } catch (LeaseStateException e) {
            return null; // closed meanwhile
        }
    }

    /// Owns, wires and leases a run that the caller has, or frees it.
    private void lease(SlabRun run) {
        boolean isLeased = false;
        try {
            frames.own(run.page, owner, 0);
            frames.wire(run.page);
            run.lease = leases.tryAcquireHandle(run.page, LeaseFlag.NOWAIT);
            isLeased = true;
        } finally {
            if (!isLeased) {
                if (frames.wireCount(run.page) > 0) {
                    frames.unwire(run.page);
                }
                arena.free(run.page);
            }
        }
    }

    /// Owns and wires a run with blocks in use. It goes on without a lease if there is no Java heap for one.
    private void keep(SlabRun part) {
        frames.own(part.page, owner, 0);
        frames.wire(part.page);
        try {
            part.lease = leases.tryAcquireHandle(part.page, LeaseFlag.NOWAIT);
        } catch (OutOfMemoryError | LeaseStateException e) {
            part.lease = LeasePool.NO_LEASE; // or the heap is being closed by force
        }
    }

    @Override
    public boolean tryGrow(SlabRun run, int more) {
        return !arena.options().lockWired() && arena.tryGrow(run.page, more);
    }

    @Override
    public boolean carvesQuickly() {
        return !arena.options().lockWired();
    }

    @Override
    public boolean canSplit() {
        return !arena.options().lockWired(); // what is split is wired anew, which the kernel may refuse then
    }

    @Override
    public void split(SlabSplit split) {
        unwire(split.run());
        endLease(split.run());
        long rest = split.run().page;
        for (int i = 0; i < split.partCount(); i++) {
            SlabRun part = split.part(i);
            part.page = rest;
            if (i + 1 < split.partCount()) {
                rest = arena.split(part.page, part.pages);
            }
            if (split.keeps(i)) {
                keep(part);
            } else {
                arena.free(part.page);
            }
        }
    }

    @Override
    public void unwire(SlabRun run) {
        if (frames.isLive(run.page)) { // else both were closed by force, and the pages went with the arena
            frames.unwire(run.page);
        }
    }

    @Override
    public void free(SlabRun run) {
        endLease(run);
        if (frames.isLive(run.page)) {
            arena.free(run.page);
        }
    }

    private void endLease(SlabRun run) {
        if (run.lease == LeasePool.NO_LEASE) {
            return;
        }
        try {
            leases.release(run.lease);
        } catch (LeaseStateException e) {
            // it ended with the pool: the run was carved while the heap was closed
        }
    }

    @Override
    public void close() {
        leases.closeForcibly(); // but for what is being carved now, which ends as soon as the heap is seen to be closed
        arena.unregister(owner);
    }

    @Override
    public String toString() {
        return "ArenaMemory(" + owner + ")";
    }
}
