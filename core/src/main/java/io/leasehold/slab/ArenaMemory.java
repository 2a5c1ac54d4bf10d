package io.leasehold.slab;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.SystemCallException;
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
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Slabs of arena pages. Each run is allocated, wired and leased once, and its blocks share that lease.
///
/// ```text
///   run of pages ---> wired ---> lease ---> slab ---> blocks
/// ```
///
/// **Runs given up.** If the kernel does not unlock a run of which no slab was made, the run stays here. It is freed
/// before the next run is carved, by the reclaimer of the heap, or when the heap is closed.
///
/// **Threads.** Thread-safe, except that one thread at a time uses a run. `lock` is held while runs that were given up
/// are unlocked and freed. A thread that holds it takes only locks of the arena and of the leases.
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
    private final Class<?> allocatorType; // (C)
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable SlabRun givenUp; // (L) lock, read without it; the first run of a list

    /// @param arena arena to allocate from
    /// @param name name of the heap
    /// @param allocatorType class that events of slabs show as their allocator
    /// @throws IllegalArgumentException if the pages of the arena are too large
    ArenaMemory(PageArena arena, String name, Class<?> allocatorType) {
        if (arena.options().pageByteSize() > MAX_PAGE_BYTES) {
            throw new IllegalArgumentException("pages are too large for slabs: arena="
                    + arena.options().name() + ", pageByteSize="
                    + arena.options().pageByteSize() + ", max="
                    + MAX_PAGE_BYTES);
        }
        MemoryBudget given = arena.options().budget();
        this.arena = arena;
        this.allocatorType = allocatorType;
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
    public MemoryBudget budget() {
        return services.budget();
    }

    @Override
    public @Nullable SlabRun carve(int pages) {
        if (pages > arena.options().byteSize() / pageByteSize) {
            return null;
        }
        tryFreeGivenUp();
        long page = arena.tryAllocateRun(pages);
        if (page == PageArena.NO_PAGE) {
            return null;
        }
        SlabRun run = null;
        try {
            run = new SlabRun(null, frames.address(page), page, LeasePool.NO_LEASE, pages);
        } finally {
            if (run == null) {
                arena.free(page); // the Java heap is full
            }
        }
        boolean isLeased = false;
        try {
            record(run, pages, true);
            services.own(page, owner, 0);
            frames.wire(page);
            run.lease = leases.tryAcquireHandle(page, LeaseFlag.NOWAIT);
            isLeased = true;
            return run;
        } catch (LeaseStateException e) {
            return null; // the heap was closed meanwhile
        } finally {
            if (!isLeased) {
                giveUp(run);
            }
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
        boolean isGrown = !arena.options().lockWired() && arena.tryGrow(run.page, more);
        if (isGrown) { // Netty has no event of growth
            record(run, run.pages, false);
            record(run, run.pages + more, true);
        }
        return isGrown;
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
                record(part, part.pages, false);
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
            record(run, run.pages, false);
            arena.free(run.page);
        }
    }

    private void record(SlabRun run, int pages, boolean isAllocated) {
        FlightEvents.chunk(allocatorType, pages * pageByteSize, true, run.address, isAllocated);
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
    public void giveUp(SlabRun run) {
        lock.lock();
        try {
            run.next = givenUp;
            givenUp = run; // first: whatever fails below, the run is not lost
        } finally {
            lock.unlock();
        }
        tryFreeGivenUp();
        if (givenUp != null) {
            services.requestDecay();
        }
    }

    private void tryFreeGivenUp() {
        try {
            freeGivenUp();
        } catch (SystemCallException e) {
            // the kernel does not unlock the run now
        }
    }

    @Override
    public void freeGivenUp() {
        if (givenUp == null) {
            return;
        }
        lock.lock();
        try {
            for (SlabRun run = givenUp; run != null; run = givenUp) {
                if (frames.isLive(run.page) && frames.wireCount(run.page) > 0) {
                    frames.unwire(run.page);
                }
                free(run);
                givenUp = run.next; // last: a step that failed is repeated
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int givenUpPages() {
        if (givenUp == null) {
            return 0;
        }
        lock.lock();
        try {
            int pages = 0;
            for (SlabRun run = givenUp; run != null; run = run.next) {
                pages += run.pages;
            }
            return pages;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        freeGivenUp();
        leases.closeForcibly(); // a run that is being carved now is freed when its thread sees the close
        services.unregister(owner);
    }

    @Override
    public String toString() {
        return "ArenaMemory(" + owner + ")";
    }
}
