package io.leasehold.window;

import io.leasehold.error.StateKind;
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
    private int outCount; // (L) this; number of runs in use
    private boolean closed; // (L) this

    /// Wired pages and the lease on them.
    record Run(long page, Lease lease) {
        long address() {
            return lease.address();
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
            if (idleCount > 0) {
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
        boolean isOut = false;
        begin();
        try {
            Run run = lease(byteSize);
            isOut = true;
            return run;
        } finally {
            if (!isOut) {
                end();
            }
        }
    }

    private Run lease(long byteSize) {
        long pageByteSize = arena.options().pageByteSize();
        long page = arena.allocateRun(Math.toIntExact((byteSize + pageByteSize - 1) / pageByteSize));
        boolean isLeased = false;
        try {
            frames.wire(page);
            Run run = new Run(page, leases.acquire(page));
            isLeased = true;
            return run;
        } finally {
            if (!isLeased) {
                freePage(page);
            }
        }
    }

    void free(Run run) {
        try {
            freeLeased(run);
        } finally {
            end();
        }
    }

    /// Frees the cached runs. A run that is in use, since files were closed by force, is freed when it is given back,
    /// and not reused before.
    @Override
    public synchronized void close() {
        StackReserve.ensure(2);
        closed = true;
        while (idleCount > 0) {
            freeLeased(Objects.requireNonNull(idle[--idleCount]));
        }
        closeIfDone();
    }

    private synchronized void begin() {
        if (closed) {
            throw new WindowStateException(StateKind.CLOSED, "cache is closed: leases=" + leases);
        }
        outCount++;
    }

    private synchronized void end() {
        outCount--;
        closeIfDone();
    }

    private void closeIfDone() {
        if (closed && outCount == 0) {
            leases.close();
        }
    }

    private void freeLeased(Run run) {
        run.lease.close();
        freePage(run.page);
    }

    private void freePage(long page) {
        if (frames.wireCount(page) > 0) {
            frames.unwire(page);
        }
        arena.free(page);
    }
}
