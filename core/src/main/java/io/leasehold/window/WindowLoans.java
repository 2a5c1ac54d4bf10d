package io.leasehold.window;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.Files;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Advice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Lends windows: pinned in place, or copied if the bytes in place cannot be relied on.
///
/// **Threads.** Thread-safe.
final class WindowLoans {

    /// Maximum size of a private copy.
    private static final long COPY_BYTES = 256 << 10;

    /// Size of the largest folio of the page cache.
    private static final long FOLIO_BYTES = 2 << 20;

    /// Returned instead of a number of disk failures if the writer lock was not free in time.
    private static final int NOT_RESERVED = -1;

    private final WindowCache cache; // (C)
    private final WindowSpace space; // (C)
    private final WindowCounts counts; // (C)
    private final Files files; // (C)
    private final VirtualMemory memory; // (C)
    private final WindowReads reads; // (C)
    private final WindowWrites writes; // (C)
    private final StagingRuns staging; // (C)

    WindowLoans(
            WindowCache cache,
            WindowSpace space,
            WindowCounts counts,
            Files files,
            VirtualMemory memory,
            WindowReads reads,
            WindowWrites writes,
            StagingRuns staging) {
        this.cache = cache;
        this.space = space;
        this.counts = counts;
        this.files = files;
        this.memory = memory;
        this.reads = reads;
        this.writes = writes;
        this.staging = staging;
    }

    /// The arguments of an allocation.
    ///
    /// @param deadlineNanos time at which waiting ends, or [Long#MAX_VALUE] for never
    record Request(long byteOffset, long byteSize, AccessAdvice advice, int flags, long deadlineNanos) {
        boolean writes() {
            return WindowFlag.has(flags, WindowFlag.WRITE);
        }

        long nanosLeft() {
            if (WindowFlag.has(flags, WindowFlag.NOWAIT)) {
                return 0;
            }
            return deadlineNanos == Long.MAX_VALUE ? Long.MAX_VALUE : deadlineNanos - System.nanoTime();
        }

        boolean overwrites() {
            return WindowFlag.has(flags, WindowFlag.FAULTBUSY);
        }
    }

    /// Lends a part of a file.
    ///
    /// @return the window; null if none is free by the deadline of the request, or another thread writes until then
    @Nullable Window lend(MappedFile file, Request request) throws IOException {
        file.requireOpen();
        if (request.writes()) {
            file.requireWritable();
            WindowErrors.checkEnd("lend", file, request.byteOffset + request.byteSize);
        }
        StackReserve.ensure(2);
        WindowPool pool = file.pool();
        try {
            if (pool == null
                    || file.trust() == FileTrust.FOREIGN
                    || !WindowTable.reaches(request.byteOffset >>> pool.power())) {
                return lendCopy(file, request);
            }
            return lendInPlaceOrCopy(file, pool, request);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("lend", file, request.byteOffset, request.byteSize, e);
        }
    }

    /// Lends in place, or a copy if the file system does not support mapping this file, or reserving its blocks.
    private @Nullable Window lendInPlaceOrCopy(MappedFile file, WindowPool pool, Request request) throws IOException {
        try {
            return lendInPlace(file, pool, request);
        } catch (SystemCallException e) {
            if (!WindowErrors.isUnsupported(e)) {
                throw e;
            }
            return lendCopy(file, request);
        }
    }

    private @Nullable Window lendInPlace(MappedFile file, WindowPool first, Request request) throws IOException {
        WindowPool pool = first;
        while (true) {
            long byteSize = Math.min(
                    clip(file, request), (1L << pool.power()) - (request.byteOffset & ((1L << pool.power()) - 1)));
            long end = request.byteOffset + byteSize;
            int slot = space.pin(file, pool, request);
            if (slot == WindowPool.NO_SLOT) {
                WindowPool next = space.pools().poolAfter(pool);
                if (next == null) {
                    return space.pools().isExtents(pool) ? lendCopy(file, request) : null;
                }
                pool = next;
                continue;
            }
            boolean isLent = false;
            try {
                int writeFailures = 0;
                long address = pool.address(slot) + (request.byteOffset & ((1L << pool.power()) - 1));
                if (request.writes()) {
                    writeFailures = reserve(file, address, request, end);
                    if (writeFailures == NOT_RESERVED) {
                        return null;
                    }
                } else if (end > file.knownByteSize()) {
                    continue; // truncated before it was pinned
                }
                Window.Loan loan = new Window.Loan(pool, slot, null, address, writeFailures);
                Window window = new Window(cache, file, loan, request.byteOffset, byteSize, request.writes());
                isLent = true;
                return window;
            } catch (SystemCallException e) {
                // without fallocate(2) a store could fault on a full disk, so a copy is lent
                if (!request.writes() || !Errno.refusesCall(e.errno())) {
                    throw e;
                }
            } finally {
                if (!isLent) {
                    space.unpin(file, pool, slot, 0);
                }
            }
            return lendCopy(file, request);
        }
    }

    private @Nullable Window lendCopy(MappedFile file, Request request) throws IOException {
        long byteSize = Math.min(clip(file, request), COPY_BYTES);
        if (request.writes()) {
            long end = request.byteOffset + byteSize;
            if (!runAsWriter(file, request, end, () -> writes.reserve(file, request.byteOffset, end))) {
                return null;
            }
        }
        file.loans().lendCopy(file, request.writes());
        StagingRuns.Run run = null;
        Window window = null;
        try {
            run = staging.allocate(byteSize);
            window = fillCopy(file, request, run, byteSize);
            return window;
        } finally {
            if (window == null) {
                endCopy(file, run, request.writes());
            }
        }
    }

    private Window fillCopy(MappedFile file, Request request, StagingRuns.Run run, long byteSize) throws IOException {
        MemorySegment copy = OffHeap.segment(run.address(), byteSize);
        copy.fill((byte) 0);
        long present = byteSize;
        if (!request.overwrites()) {
            Uio uio = Uio.reading(request.byteOffset, copy);
            IOException failure = reads.move(file, uio, request.advice);
            if (failure != null) {
                throw failure;
            }
            present = request.writes() ? byteSize : uio.moved();
        }
        if (present == 0) {
            throw WindowErrors.beyondEnd(file, request.byteOffset);
        }
        Window.Loan loan = new Window.Loan(null, WindowPool.NO_SLOT, run, run.address(), 0);
        return new Window(cache, file, loan, request.byteOffset, present, request.writes());
    }

    /// Ends the loan of a window.
    void end(Window window, int flags) throws IOException {
        if (window.file.space() != space) {
            throw WindowErrors.ofAnotherCache(window, cache);
        }
        StackReserve.ensure(2);
        window.end();
        WindowPool pool = window.pool;
        StagingRuns.Run copy = window.copy;
        try {
            if (window.isWritable()) {
                store(window, copy != null);
            }
        } finally {
            if (pool != null) {
                space.unpin(window.file, pool, window.slot, flags);
            }
            if (copy != null) {
                endCopy(window.file, copy, window.isWritable());
            }
        }
    }

    /// Ends the loan of a private copy, also if its memory cannot be freed now.
    private void endCopy(MappedFile file, StagingRuns.@Nullable Run copy, boolean isWritable) {
        try {
            if (copy != null) {
                staging.free(copy);
            }
        } finally {
            file.loans().returnCopy(isWritable);
        }
    }

    private void store(Window window, boolean isCopy) throws IOException {
        MappedFile file = window.file;
        if (file.isClosed()) {
            throw WindowErrors.closedByForce(file, window);
        }
        file.writer.lockForRelease();
        try {
            if (isCopy) {
                IOException failure = writes.move(file, Uio.writing(window.byteOffset(), window.bytes()), 0);
                if (failure != null) {
                    throw failure;
                }
            } else {
                int entered = file.enter();
                try {
                    long end = window.byteOffset() + window.byteSize();
                    writes.stored(file, window.byteOffset(), end, window.writeFailures);
                } finally {
                    file.leave(entered);
                }
            }
        } catch (SystemCallException e) {
            throw WindowErrors.failed("write", file, window.byteOffset(), window.byteSize(), e);
        } finally {
            file.writer.unlockAfterRelease();
        }
    }

    /// {@return number of bytes that can be lent, at least 1}
    private long clip(MappedFile file, Request request) throws IOException {
        long byteSize = request.writes() ? request.byteSize : reads.clip(file, request.byteOffset, request.byteSize);
        if (byteSize == 0) {
            throw WindowErrors.beyondEnd(file, request.byteOffset);
        }
        return byteSize;
    }

    /// Reserves disk space for stores: on a full disk, or behind the end of the file, they would fault. Readers do not
    /// see the growth before the window is released.
    ///
    /// @return number of disk failures so far, or [#NOT_RESERVED] if another thread writes until the deadline
    private int reserve(MappedFile file, long address, Request request, long end) throws IOException {
        boolean isReserved = runAsWriter(file, request, end, () -> {
            allocate(file, request.byteOffset, end, memory.pageSize());
            writes.prepare(file, request.byteOffset, end);
            if (end > files.byteSize(file.descriptor())) {
                files.truncate(file.descriptor(), end);
                file.durability.resized(end);
            }
            if (request.overwrites()) {
                counts.count(WindowCounts.FAULTBUSY);
            }
            makeWritable(file, address, request.byteOffset, end);
            file.setBusyEnd(Math.max(file.busyEnd(), end));
        });
        return isReserved ? file.durability.writing(request.byteOffset, end) : NOT_RESERVED;
    }

    /// Runs a step that may extend the file, as the writer of the file. If the step fails, the length is restored.
    ///
    /// @return false if another thread writes until the deadline of the request; the step is not run then
    private boolean runAsWriter(MappedFile file, Request request, long end, WindowWrites.Step step) throws IOException {
        if (!file.writer.tryLock(request::nanosLeft)) {
            return false;
        }
        try {
            int entered = file.enter();
            try {
                writes.growing(file, end, step);
            } finally {
                file.leave(entered);
            }
        } finally {
            file.writer.unlock();
        }
        return true;
    }

    /// Makes the pages of a window writable now, instead of at the first store to each page, which could fail. The
    /// kernel makes a page writable together with all of its folio, so a hole beside the window needs a block too.
    private void makeWritable(MappedFile file, long address, long from, long end) {
        try {
            populate(address, end - from);
        } catch (SystemCallException e) {
            allocate(file, from, end, FOLIO_BYTES);
            populate(address, end - from);
        }
    }

    /// Reserves disk space for a range, rounded to `unit` on both sides.
    private void allocate(MappedFile file, long from, long end, long unit) {
        long start = from & -unit;
        files.allocate(file.descriptor(), start, ((end + unit - 1) & -unit) - start);
    }

    private void populate(long address, long byteSize) {
        long page = memory.pageSize();
        long start = address & -page;
        memory.advise(start, ((address + byteSize + page - 1) & -page) - start, Advice.POPULATE_WRITE);
    }
}
