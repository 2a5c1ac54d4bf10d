package io.leasehold.slab;

import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageFrames;
import io.leasehold.page.PageOwner;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
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
        try {
            return leased(page, pages);
        } catch (LeaseStateException e) {
            return null; // closed meanwhile
        }
    }

    private SlabRun leased(long page, int pages) {
        boolean isLeased = false;
        try {
            frames.own(page, owner, 0);
            frames.wire(page);
            long lease = leases.tryAcquireHandle(page, LeaseFlag.NOWAIT);
            SlabRun run = new SlabRun(null, frames.address(page), page, lease, pages);
            isLeased = true;
            return run;
        } finally {
            if (!isLeased) {
                if (frames.wireCount(page) > 0) {
                    frames.unwire(page);
                }
                arena.free(page);
            }
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
    public List<SlabRun> keep(SlabRun run, BitSet kept) {
        unwire(run);
        endLease(run);
        List<SlabRun> left = new ArrayList<>();
        long rest = run.page;
        for (int from = 0; from < run.pages; ) {
            boolean keeps = kept.get(from);
            int end = keeps ? kept.nextClearBit(from) : kept.nextSetBit(from);
            int to = end < 0 ? run.pages : Math.min(end, run.pages);
            long part = rest;
            if (to < run.pages) {
                rest = arena.split(part, to - from);
            }
            if (keeps) {
                left.add(leased(part, to - from));
            } else {
                arena.free(part);
            }
            from = to;
        }
        return left;
    }

    @Override
    public void unwire(SlabRun run) {
        frames.unwire(run.page);
    }

    @Override
    public void free(SlabRun run) {
        endLease(run);
        arena.free(run.page);
    }

    private void endLease(SlabRun run) {
        try {
            leases.release(run.lease);
        } catch (LeaseStateException e) {
            // it ended with the pool: the run was carved while the heap was closed
        }
    }

    @Override
    public void close() {
        leases.closeForcibly(); // but for what is being carved now, which ends as soon as the heap is seen to be closed
    }

    @Override
    public String toString() {
        return "ArenaMemory(" + owner + ")";
    }
}
