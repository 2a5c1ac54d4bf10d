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
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The memory of slabs: runs of an arena, each at a multiple of its size, wired and leased once.
///
/// ```text
///   page run ---> wired ---> lease ---> slab ---> pages of the pool
/// ```
///
/// **Ownership.** The caller that carved a run unwires and frees it, or gives it up. The pool closes its memory after
/// the last run.
///
/// **Spare run.** If the kernel does not unlock a run that was given up, the run stays here. The next slab uses it. So
/// there is at most one.
///
/// **Threads.** Thread-safe; one thread at a time carves runs and gives them up. `lock` is held while the spare run is
/// unlocked and freed. Most methods call the arena. So only [#runPages], [#hasSpare] and [#spareBytes] may be called
/// under the lock of the [JumboSlabPool].
final class JumboMemory {

    private final PageArena arena; // (C)
    private final PageFrames frames; // (C)
    private final ArenaServices services; // (C)
    private final PageOwner owner; // (C)
    private final LeasePool leases; // (C)
    private final int slabByteSize; // (C)
    private final int runPages; // (C) arena pages in a slab
    private final ReentrantLock lock = new ReentrantLock();
    private volatile long spare = PageArena.NO_PAGE; // (L), read without it; the handle of a run that may be wired

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
            page = takeSpare();
            if (page == PageArena.NO_PAGE) {
                page = arena.tryAllocateRun(runPages, slabByteSize);
            }
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
        if (frames.wireCount(page) == 0) { // the spare run is wired as a rule
            frames.wire(page);
        }
        return new Run(frames.address(page), page, leases.tryAcquireHandle(page, LeaseFlag.NOWAIT));
    }

    /// Frees a run of which no slab was made. If the kernel does not unlock it, it becomes the spare run.
    void giveUp(Run run) {
        try {
            endLease(run);
        } finally {
            giveUp(run.page);
        }
    }

    private void giveUp(long page) {
        lock.lock();
        try {
            spare = page; // first: whatever fails below, the run is not lost
            freeSpareOrThrow();
        } catch (SystemCallException e) {
            // the kernel does not unlock the run now
        } finally {
            lock.unlock();
        }
    }

    private long takeSpare() {
        if (!hasSpare()) {
            return PageArena.NO_PAGE;
        }
        lock.lock();
        try {
            long page = frames.isLive(spare) ? spare : PageArena.NO_PAGE; // not live if the arena was closed by force
            spare = PageArena.NO_PAGE;
            return page;
        } finally {
            lock.unlock();
        }
    }

    /// {@return true if there is a spare run; may be stale}
    boolean hasSpare() {
        return spare != PageArena.NO_PAGE;
    }

    /// {@return the bytes of the spare run, 0 if there is none; may be stale}
    int spareBytes() {
        return hasSpare() ? slabByteSize : 0;
    }

    /// Frees the spare run, if there is one and the kernel unlocks it.
    ///
    /// @return the number of arena pages that were freed
    int freeSpare() {
        if (!hasSpare()) {
            return 0;
        }
        lock.lock();
        try {
            return freeSpareOrThrow();
        } catch (SystemCallException e) {
            return 0; // it stays the spare run
        } finally {
            lock.unlock();
        }
    }

    /// Frees the spare run. Called under `lock`.
    ///
    /// @throws SystemCallException if the kernel does not unlock the run; nothing is changed then
    private int freeSpareOrThrow() {
        long page = spare;
        boolean isLive = page != PageArena.NO_PAGE && frames.isLive(page); // not live if the arena was closed by force
        if (isLive) {
            if (frames.wireCount(page) > 0) {
                frames.unwire(page);
            }
            arena.free(page);
        }
        spare = PageArena.NO_PAGE;
        return isLive ? runPages : 0;
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
            endLease(run);
        } finally {
            if (frames.isLive(run.page)) {
                arena.free(run.page);
            }
        }
    }

    /// Ends the lease of a run. After a forced close of the pool it has ended with the lease pool. That is looked up
    /// first, since the exception for it needs Java heap.
    private void endLease(Run run) {
        try {
            if (leases.isOpen(run.lease)) {
                leases.free(run.lease);
            }
        } catch (LeaseStateException e) {
            // the pool was closed between the two calls
        }
    }

    /// Ends all leases, and unregisters the pool from the arena.
    ///
    /// @throws SystemCallException if the kernel does not unlock the spare run; nothing is changed then
    void close() {
        lock.lock();
        try {
            int ignored = freeSpareOrThrow();
        } finally {
            lock.unlock();
        }
        leases.closeForcibly();
        services.unregister(owner);
    }

    @Override
    public String toString() {
        return "JumboMemory(" + owner + ", slabByteSize=" + slabByteSize + ")";
    }
}
