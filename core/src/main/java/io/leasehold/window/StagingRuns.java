package io.leasehold.window;

import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.page.PageFrames;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Leased page runs. Bytes between a file and the heap or a channel are staged in them, and private copies use them.
///
/// ```text
///   page run ---> wired ---> lease ---> staging, used again and again | one private copy
/// ```
///
/// **Ownership.** The caller that takes a run gives it back, or frees it. Cached runs are freed by [#close].
///
/// **Runs given up.** If the kernel does not unlock a run that is freed, the run stays here. It is freed before the
/// next run is allocated, or when the cache is closed.
///
/// **Threads.** Thread-safe; a run is used by one thread at a time.
final class StagingRuns implements AutoCloseable {

    /// Size of one staged transfer in bytes: large enough that the system call is a small part of it, and small enough
    /// for the cache of a processor.
    static final int BYTES = 64 << 10;

    private final PageArena arena; // (C)
    private final PageFrames frames; // (C)
    private final LeasePool leases; // (C)

    /// An array, so that the class Run is loaded early. C2 does not inline a method whose signature mentions a class
    /// that was never loaded, which would slow down windows that are lent without a copy.
    private final @Nullable Run[] idle; // (L) this

    private int idleCount; // (L) this
    private int outCount; // (L) this; number of runs in use, or given up
    private volatile @Nullable Run givenUp; // (L) this, read without it; the first run of a list
    private boolean closed; // (L) this

    /// Wired pages and the lease on them.
    static final class Run {
        private long page = PageArena.NO_PAGE; // (O)
        private @Nullable Lease lease; // (O)
        private @Nullable Run next; // (L) StagingRuns; the run that was given up before this one

        long address() {
            return Objects.requireNonNull(lease).address();
        }

        @Override
        public String toString() {
            return "Run(" + lease + ")";
        }
    }

    StagingRuns(PageArena arena, String name) {
        this.arena = arena;
        this.frames = arena.frames();
        this.leases = LeasePool.open(arena, LeasePoolOptions.directMap().withName(name));
        this.idle = new Run[2 * Runtime.getRuntime().availableProcessors()];
    }

    /// Takes a run of [#BYTES].
    ///
    /// @throws PageExhaustedException if the arena has no pages left
    Run take() {
        StackReserve.ensure(2); // also for the code that gives the run back
        synchronized (this) {
            if (!closed && idleCount > 0) {
                outCount++;
                return Objects.requireNonNull(idle[--idleCount]);
            }
        }
        return allocate(BYTES);
    }

    void giveBack(Run run) {
        synchronized (this) {
            if (!closed && idleCount < idle.length) {
                idle[idleCount++] = run;
                outCount--;
                return;
            }
        }
        free(run);
    }

    /// Allocates a run of another size, to be freed with [#free].
    ///
    /// @param byteSize size in bytes, rounded up to pages
    /// @throws PageExhaustedException if the arena has no pages left
    Run allocate(long byteSize) {
        StackReserve.ensure(2);
        tryFreeGivenUp();
        long pageByteSize = arena.options().pageByteSize();
        Run run = new Run();
        boolean isLeased = false;
        begin();
        try {
            run.page = arena.allocateRun(Math.toIntExact((byteSize + pageByteSize - 1) / pageByteSize));
            frames.wire(run.page);
            run.lease = leases.acquire(run.page);
            isLeased = true;
            return run;
        } finally {
            if (!isLeased) {
                free(run);
            }
        }
    }

    /// Frees a run. If the kernel does not unlock it, it is given up.
    void free(Run run) {
        boolean isFreed = false;
        try {
            freePages(run);
            isFreed = true;
        } catch (SystemCallException e) {
            // the kernel does not unlock the run now
        } finally {
            end(run, isFreed);
        }
    }

    private synchronized void end(Run run, boolean isFreed) {
        if (isFreed) {
            outCount--;
            closeIfDone();
        } else {
            run.next = givenUp;
            givenUp = run;
        }
    }

    private void tryFreeGivenUp() {
        try {
            freeGivenUp();
        } catch (SystemCallException e) {
            // the kernel does not unlock the run now
        }
    }

    /// Frees the runs that were given up.
    ///
    /// @throws SystemCallException if the kernel does not unlock a run; it stays here
    void freeGivenUp() {
        if (givenUp != null) {
            synchronized (this) {
                for (Run run = givenUp; run != null; run = givenUp) {
                    freePages(run);
                    givenUp = run.next; // last: a step that failed is repeated
                    outCount--;
                }
                closeIfDone();
            }
        }
    }

    /// Frees the cached runs. A run that is in use, since files were closed by force, is freed when it is given back,
    /// and not reused before.
    ///
    /// @throws SystemCallException if the kernel does not unlock a run; no run is taken any more, and closing can be
    ///     repeated
    @Override
    public synchronized void close() {
        StackReserve.ensure(2);
        closed = true;
        while (idleCount > 0) {
            freePages(Objects.requireNonNull(idle[idleCount - 1]));
            idleCount--; // last, as above
        }
        freeGivenUp();
        closeIfDone();
    }

    private synchronized void begin() {
        if (closed) {
            throw new WindowStateException(StateKind.CLOSED, "cache is closed: leases=" + leases);
        }
        outCount++;
    }

    private void closeIfDone() {
        if (closed && outCount == 0 && idleCount == 0) {
            leases.close();
        }
    }

    /// Frees the pages of a run, as far as they are not free. The kernel may fail only before anything is changed.
    private void freePages(Run run) {
        long page = run.page;
        boolean isLive = page != PageArena.NO_PAGE && frames.isLive(page); // not if the arena was closed by force
        if (isLive && frames.wireCount(page) > 0) {
            frames.unwire(page);
        }
        Lease lease = run.lease;
        if (lease != null) {
            lease.close();
            run.lease = null;
        }
        if (isLive) {
            arena.free(page);
        }
    }
}
