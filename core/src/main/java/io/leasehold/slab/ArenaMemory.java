package io.leasehold.slab;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.event.FlightEvents;
import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageFrames;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.ArenaServices;
import io.leasehold.page.service.PageOwner;
import org.jspecify.annotations.Nullable;

/// Slabs of arena pages. Each run is allocated, wired and leased once, and its blocks share that lease.
///
/// ```text
///   run of pages ---> wired ---> lease ---> slab ---> blocks
/// ```
///
/// **Threads.** Thread-safe, except that one thread at a time uses a run.
final class ArenaMemory implements SlabMemory {

    private static final long MAX_PAGE_BYTES = 64 << 10;

    /// Memory is plentiful while at most this part of a limit is charged.
    private static final int PLENTY = 4;

    private final PageArena arena; // (C)
    private final PageFrames frames; // (C)
    private final ArenaServices services; // (C)
    private final PageOwner owner; // (C)
    private final LeasePool leases; // (C)
    private final MemoryBudget budget; // (C) that the arena is charged to
    private final int pageByteSize; // (C)

    ArenaMemory(PageArena arena, String name) {
        if (arena.options().pageByteSize() > MAX_PAGE_BYTES) {
            throw new IllegalArgumentException("pages are too large for slabs: arena="
                    + arena.options().name() + ", pageByteSize="
                    + arena.options().pageByteSize() + ", max="
                    + MAX_PAGE_BYTES);
        }
        MemoryBudget given = arena.options().budget();
        this.arena = arena;
        this.budget = given == null ? MemoryBudget.process() : given;
        this.frames = arena.frames();
        this.services = ArenaAccess.of(arena);
        this.leases = LeasePool.open(arena, LeasePoolOptions.directMap().withName(name));
        this.pageByteSize = Math.toIntExact(arena.options().pageByteSize());
        this.owner = services.register(name); // last: if this fails, nothing of the arena is in use
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
                arena.free(page); // the Java heap is full
            }
        }
        try {
            lease(run);
            record(run, true);
            return run;
        } catch (LeaseStateException e) {
            return null; // the heap was closed meanwhile
        }
    }

    /// {@return true if at most a quarter of the arena and of its budget is charged, and the budgets above have space
    /// for the rest}
    @Override
    public boolean isPlentiful() {
        long used = budget.usedBytes();
        return arena.activity().committedBytes() <= arena.options().byteSize() / PLENTY
                && used <= budget.byteLimit() / PLENTY
                && budget.refusal(used * (PLENTY - 1)) == null;
    }

    /// Takes ownership of a new run, wires and leases it. If that fails, the run is freed.
    private void lease(SlabRun run) {
        boolean isLeased = false;
        try {
            services.own(run.page, owner, 0);
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

    /// Takes ownership of a run with blocks in use, and wires it. The run has no lease if the Java heap is full.
    private void keep(SlabRun part) {
        services.own(part.page, owner, 0);
        frames.wire(part.page);
        try {
            part.lease = leases.tryAcquireHandle(part.page, LeaseFlag.NOWAIT);
        } catch (OutOfMemoryError | LeaseStateException e) {
            part.lease = LeasePool.NO_LEASE; // the Java heap is full, or a forced close is in progress
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
        return !arena.options().lockWired(); // the parts are wired again, and locking them may fail
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
                record(part, false);
                arena.free(part.page);
            }
        }
    }

    @Override
    public void unwire(SlabRun run) {
        if (frames.isLive(run.page)) { // else a forced close of the arena took the pages
            frames.unwire(run.page);
        }
    }

    @Override
    public void free(SlabRun run) {
        endLease(run);
        if (frames.isLive(run.page)) {
            record(run, false);
            arena.free(run.page);
        }
    }

    private void record(SlabRun run, boolean isAllocated) {
        FlightEvents.chunk(SlabHeap.class, run.pages * pageByteSize, run.address, isAllocated);
    }

    private void endLease(SlabRun run) {
        if (run.lease == LeasePool.NO_LEASE) {
            return;
        }
        try {
            leases.free(run.lease);
        } catch (LeaseStateException e) {
            // the pool closed it: the run was carved while the heap was being closed
        }
    }

    @Override
    public void close() {
        leases.closeForcibly(); // a run that is being carved now is freed when its thread sees the close
        services.unregister(owner);
    }

    @Override
    public String toString() {
        return "ArenaMemory(" + owner + ")";
    }
}
