package io.leasehold.lease;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.StateKind;
import org.jspecify.annotations.Nullable;

/// Creates the exceptions of a pool. They name the lease, its page, and the thread that it is confined to.
///
/// **Threads.** Thread-safe. The values in a message may be stale.
final class LeaseErrors {

    /// In place of a page handle: the caller does not know the page.
    static final long UNKNOWN_PAGE = 0;

    private final LeaseRecords records; // (C)
    private final String pool; // (C)
    private final @Nullable LeaseTraces traces; // (C)

    LeaseErrors(LeaseRecords records, String pool, @Nullable LeaseTraces traces) {
        this.records = records;
        this.pool = pool;
        this.traces = traces;
    }

    /// {@return a description of the lease and its page, for messages}
    String describe(long lease, long page) {
        String which = lease > 0
                ? format("lease=%d, generation=%d", LeaseLayout.index(lease), LeaseLayout.generationOf(lease))
                : "lease=confined";
        return format(
                "%s, page=%s, pool=%s", which, page == UNKNOWN_PAGE ? "unknown" : "0x" + Long.toHexString(page), pool);
    }

    LeaseStateException foreign(long lease) {
        return new LeaseStateException(
                StateKind.FOREIGN,
                format("lease handle belongs to another pool: lease=0x%x, pool=%s", lease, pool),
                null);
    }

    LeaseStateException poolClosed() {
        return new LeaseStateException(StateKind.CLOSED, "lease pool is closed: pool=" + pool, null);
    }

    IndexOutOfBoundsException pastEnd(long lease, long page, long byteOffset, int count, long byteSize) {
        return new IndexOutOfBoundsException(format(
                "access is past the end: byteOffset=%d, bytes=%d, byteSize=%d, %s",
                byteOffset, count, byteSize, describe(lease, page)));
    }

    /// {@return the exception for a lease without a record that is confined to another thread or has ended}
    ///
    /// @param owner negated id of the owner thread, or 0 if the lease has ended
    LeaseStateException refusedWithoutRecord(long owner, long page, boolean poolClosed) {
        if (owner != 0 && !poolClosed) {
            return confined("use", owner, page, -owner);
        }
        return error(
                StateKind.FREED, "cannot use, the lease is closed" + (owner == 0 ? "" : " with its pool"), owner, page);
    }

    private LeaseStateException confined(String what, long lease, long page, long thread) {
        return error(
                StateKind.CONFINED,
                format(
                        "cannot %s, the lease is confined to thread %d and this is %s",
                        what, thread, Thread.currentThread()),
                lease,
                page);
    }

    /// {@return the exception for a record whose word does not allow a call}
    ///
    /// @param what name of the call for the message
    /// @param page page of the lease, or [#UNKNOWN_PAGE]
    /// @param word the word, read once
    LeaseStateException refused(String what, long lease, long page, long word) {
        long age = LeaseLayout.generation(word) - LeaseLayout.generationOf(lease);
        long known = page == UNKNOWN_PAGE ? records.lastPage(lease) : page;
        if (age == 0 && LeaseLayout.isConfined(word)) {
            return confined(what, lease, known, LeaseLayout.thread(word));
        }
        if (age == 1 && LeaseLayout.isFree(word)) {
            return error(StateKind.FREED, "cannot " + what + ", the lease is closed", lease, known);
        }
        return error(
                StateKind.STALE,
                "cannot " + what + ", the lease has ended, or was handed over to another handle",
                lease,
                page);
    }

    private LeaseStateException error(StateKind kind, String why, long lease, long page) {
        Throwable acquired = traces == null ? null : traces.acquiredAt(lease);
        Throwable closed = traces == null ? null : traces.closedAt(lease);
        LeaseStateException error = new LeaseStateException(kind, why + ": " + describe(lease, page), acquired);
        if (closed != null) {
            error.addSuppressed(closed);
        }
        return error;
    }
}
