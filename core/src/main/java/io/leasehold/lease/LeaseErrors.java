package io.leasehold.lease;

import io.leasehold.lease.LeaseStateException.Kind;
import org.jspecify.annotations.Nullable;

/// The errors of a pool for a lease that it cannot accept. They name the lease, its page, and its thread if it has one.
///
/// **Threads.** Thread-safe; a message may be stale.
final class LeaseErrors {

    /// In place of a page handle: the caller does not know it.
    static final long UNKNOWN_PAGE = 0;

    private final LeaseRecords records; // (C)
    private final String pool; // (C)
    private final @Nullable LeaseTraces traces; // (C)

    LeaseErrors(LeaseRecords records, String pool, @Nullable LeaseTraces traces) {
        this.records = records;
        this.pool = pool;
        this.traces = traces;
    }

    /// {@return the lease and its page, in words}
    String describe(long lease, long page) {
        String which = lease > 0
                ? "lease=%d, generation=%d".formatted(LeaseLayout.index(lease), LeaseLayout.generationOf(lease))
                : "lease=confined without record";
        return "%s, page=%s, pool=%s"
                .formatted(which, page == UNKNOWN_PAGE ? "not known any more" : "0x" + Long.toHexString(page), pool);
    }

    LeaseStateException foreign(long lease) {
        return new LeaseStateException(
                Kind.FOREIGN, "lease handle is not of this pool: 0x%x, pool=%s".formatted(lease, pool), null);
    }

    LeaseStateException poolClosed() {
        return new LeaseStateException(Kind.POOL_CLOSED, "lease pool is closed: " + pool, null);
    }

    IndexOutOfBoundsException pastEnd(long lease, long page, long byteOffset, int count, long byteSize) {
        return new IndexOutOfBoundsException("access is past the end: byteOffset=%d, bytes=%d, bound=%d, %s"
                .formatted(byteOffset, count, byteSize, describe(lease, page)));
    }

    /// {@return the error for a lease without a record that belongs to another thread, or has ended}
    ///
    /// @param owner the id of the owner thread, negated, or 0
    LeaseStateException refusedWithoutRecord(long owner, long page, boolean poolClosed) {
        if (owner != 0 && !poolClosed) {
            return confined("use", owner, page, -owner);
        }
        return error(
                Kind.CLOSED, "cannot use, the lease is closed" + (owner == 0 ? "" : " with its pool"), owner, page);
    }

    private LeaseStateException confined(String what, long lease, long page, long thread) {
        return error(
                Kind.CONFINED,
                "cannot %s, the lease is confined to thread %d and this is %s"
                        .formatted(what, thread, Thread.currentThread()),
                lease,
                page);
    }

    /// {@return the error for a record whose word, read once, refused a call}
    ///
    /// @param page the page of the lease, if the caller knows it
    LeaseStateException refused(String what, long lease, long page, long word) {
        long age = LeaseLayout.generation(word) - LeaseLayout.generationOf(lease);
        long known = page == UNKNOWN_PAGE ? records.lastPage(lease) : page;
        if (age == 0 && LeaseLayout.isConfined(word)) {
            return confined(what, lease, known, LeaseLayout.thread(word));
        }
        if (age == 1 && LeaseLayout.isFree(word)) {
            return error(Kind.CLOSED, "cannot " + what + ", the lease is closed", lease, known);
        }
        return error(Kind.RECYCLED, "cannot " + what + ", the lease is closed and was recycled", lease, page);
    }

    private LeaseStateException error(Kind kind, String why, long lease, long page) {
        Throwable acquired = traces == null ? null : traces.acquiredAt(lease);
        Throwable closed = traces == null ? null : traces.closedAt(lease);
        LeaseStateException error = new LeaseStateException(kind, why + ": " + describe(lease, page), acquired);
        if (closed != null) {
            error.addSuppressed(closed);
        }
        return error;
    }
}
