package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.service.ArenaAccess;
import java.util.function.LongSupplier;

/// Opens the heaps of an allocator when the first buffer is allocated, and closes them.
///
/// ```text
///   not open ---> first buffer ---> open ---> close ---> closed     closed before its first buffer: closed too
///       ^             | fails
///       +-------------+   the reason is remembered for one second: each request within it fails at once
/// ```
///
/// The open heaps are in a field of the allocator, so that its fast path needs one load for them.
///
/// **Ownership.** The heaps of an allocator of the process are never closed.
///
/// **Threads.** Thread-safe. Heaps are opened and closed under the monitor of this object.
final class LazyHeaps {

    /// Limit of [LeasedByteBufAllocator#DEFAULT] in bytes if the process has no default limit.
    private static final long FALLBACK_BYTES = 16 << 20;

    final LeasedByteBufAllocatorBuilder builder; // (C) read when the heaps are opened, not later
    private final LeasedByteBufAllocator allocator; // (C)
    private final boolean isOfProcess; // (C)
    private final RememberedFailure failure; // (C)
    private volatile boolean closed; // (L) this to write

    /// @param clock time in nanoseconds, used for the age of a failure
    /// @param isOfProcess true if the heaps are never closed
    LazyHeaps(
            LeasedByteBufAllocator allocator,
            LeasedByteBufAllocatorBuilder builder,
            LongSupplier clock,
            boolean isOfProcess) {
        this.allocator = allocator;
        this.builder = builder;
        this.isOfProcess = isOfProcess;
        this.failure = new RememberedFailure(clock);
    }

    /// {@return the heaps, opened now if they are not open yet}
    ///
    /// @throws IllegalStateException if the allocator is closed, or an attempt to open it failed within the last second
    BufferHeaps get() {
        throwIfFailed();
        return open();
    }

    /// {@return the heaps for a request for a buffer, opened now if they are not open yet}
    ///
    /// @throws BufferMemoryError if the heaps cannot be opened, or the allocator is closed
    BufferHeaps getFor(boolean isDirect, int byteSize) {
        Throwable cause = closed ? null : failure.recent();
        if (cause == null && !closed) {
            try {
                return open();
            } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
                Throwable remembered = failure.recent();
                cause = closed ? null : remembered == null ? e : remembered;
            }
        }
        throw allocator.refused(
                isDirect, byteSize, cause == null ? HeapRefusals.CLOSED : HeapRefusals.CANNOT_OPEN, cause);
    }

    private void throwIfFailed() {
        Throwable recent = failure.recent();
        if (recent != null) {
            throw new IllegalStateException("allocator could not be opened: allocator=" + allocator.name(), recent);
        }
    }

    private synchronized BufferHeaps open() {
        BufferHeaps open = allocator.heaps;
        if (closed) {
            throw new IllegalStateException("allocator is closed: allocator=" + allocator.name());
        }
        if (open == null) {
            throwIfFailed(); // a thread that waited for this lock does not try what failed meanwhile
            try {
                if (isOfProcess && builder.isWithoutLimit()) {
                    limitDefault();
                }
                open = BufferHeaps.open(allocator, builder);
                if (isOfProcess) {
                    ArenaAccess.of(open.arena).keepOpen();
                }
            } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
                failure.remember(e);
                throw e;
            }
            allocator.heaps = open;
        }
        return open;
    }

    /// Sets the limit of [LeasedByteBufAllocator#DEFAULT] if the process has no default limit.
    private void limitDefault() {
        try {
            MemoryBudget.process();
        } catch (IllegalStateException e) {
            builder.byteLimit(FALLBACK_BYTES);
            System.getLogger("io.leasehold")
                    .log(
                            System.Logger.Level.WARNING,
                            "default allocator falls back to a small limit: byteLimit=" + FALLBACK_BYTES + ", cause="
                                    + e.getMessage());
        }
    }

    /// Closes the heaps. No heaps are opened afterwards. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if buffers are outstanding, or if a thread stays inside an allocation or a
    ///     release; nothing is changed then
    synchronized void close() {
        if (isOfProcess) {
            return;
        }
        BufferHeaps open = allocator.heaps;
        allocator.late.free();
        if (open != null) {
            open.close();
        }
        allocator.heaps = null;
        closed = true;
    }

    /// Closes the heaps even if buffers are outstanding.
    ///
    /// @return number of buffers that were outstanding
    synchronized int closeForcibly() {
        if (isOfProcess) {
            return 0;
        }
        BufferHeaps open = allocator.heaps;
        allocator.late.free();
        int outstanding = open == null ? 0 : open.closeForcibly();
        allocator.heaps = null; // last: if a system call fails or the stack is too short, closing can be repeated
        closed = true;
        return outstanding;
    }

    @Override
    public String toString() {
        return "LazyHeaps(isOpen=" + (allocator.heaps != null) + ", closed=" + closed + ", " + failure + ")";
    }
}
