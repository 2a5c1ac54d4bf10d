package io.leasehold.jumbo;

import io.leasehold.error.SystemCallException;
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

/// The memory of slabs: runs of an arena, each at a multiple of its size, wired and leased once.
///
/// ```text
///   page run ---> wired ---> lease ---> slab ---> pages of the pool
/// ```
///
/// **Ownership.** The caller that carved a run unwires and frees it. The pool closes its memory after the last run.
///
/// **Threads.** Thread-safe. Every method except [#runPages] calls the arena, so no method is called under the lock of
/// the [JumboSlabPool].
final class JumboMemory {

    private final PageArena arena; // (C)
    private final PageFrames frames; // (C)
    private final ArenaServices services; // (C)
    private final PageOwner owner; // (C)
    private final LeasePool leases; // (C)
    private final int slabByteSize; // (C)
    private final int runPages; // (C) arena pages in a slab

    JumboMemory(PageArena arena, String name, int slabByteSize) {
        this.arena = arena;
        this.frames = arena.frames();
        this.services = ArenaAccess.of(arena);
        this.slabByteSize = slabByteSize;
        this.runPages = Math.toIntExact(slabByteSize / arena.options().pageByteSize());
        this.leases = LeasePool.open(arena, LeasePoolOptions.directMap().withName(name));
        this.owner = services.register(name); // last: if this fails, nothing of the arena is in use
    }

    /// {@return the number of arena pages in a slab}
    int runPages() {
        return runPages;
    }

    /// A run and what keeps its memory.
    ///
    /// @param address the address of its first byte, a multiple of the slab size
    /// @param page the handle of the run, which is wired while it is leased
    /// @param lease the handle of the one lease for all pages of the slab
    record Run(long address, long page, long lease) {}

    /// {@return memory for one slab, or null if none is available within the limits, or the kernel or the arena fails}
    @Nullable Run tryCarve() {
        if ((long) runPages * arena.options().pageByteSize() > arena.options().byteSize()) {
            return null;
        }
        long page = PageArena.NO_PAGE;
        Run run = null;
        try {
            page = arena.tryAllocateRun(runPages, slabByteSize);
            if (page != PageArena.NO_PAGE) {
                run = lease(page);
            }
            return run;
        } catch (SystemCallException | IllegalStateException e) {
            return null; // memory cannot be locked, or the pool or the arena was closed meanwhile
        } finally {
            if (run == null && page != PageArena.NO_PAGE) {
                giveUp(page);
            }
        }
    }

    private Run lease(long page) {
        services.own(page, owner, 0);
        frames.wire(page);
        return new Run(frames.address(page), page, leases.tryAcquireHandle(page, LeaseFlag.NOWAIT));
    }

    private void giveUp(long page) {
        if (frames.isLive(page)) { // not live if the arena was closed by force
            if (frames.wireCount(page) > 0) {
                frames.unwire(page);
            }
            arena.free(page);
        }
    }

    /// Unwires a run: the only step of freeing it at which the kernel may fail.
    ///
    /// @throws SystemCallException if the kernel does not unlock the run; nothing is changed then
    void unwire(Run run) {
        if (frames.isLive(run.page)) { // not live if the arena was closed by force
            frames.unwire(run.page);
        }
    }

    /// Frees a run that is not wired.
    void free(Run run) {
        try {
            leases.free(run.lease);
        } catch (LeaseStateException e) {
            // the lease ended with the lease pool, because the pool was closed
        }
        if (frames.isLive(run.page)) {
            arena.free(run.page);
        }
    }

    void close() {
        leases.closeForcibly();
        services.unregister(owner);
    }

    @Override
    public String toString() {
        return "JumboMemory(" + owner + ", slabByteSize=" + slabByteSize + ")";
    }
}
