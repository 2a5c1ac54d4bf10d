package io.leasehold.lease;

import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Stack traces of a traced pool: where each open lease was acquired, and where the most recent closed leases were
/// acquired and closed.
///
/// **Threads.** Thread-safe.
final class LeaseTraces {

    /// Number of closed leases whose traces are kept. Enough to find the code that closed a lease too early; some ten
    /// megabytes of stack traces at most.
    static final int REMEMBERED = 4096;

    private final Map<Long, Sites> sites = new ConcurrentHashMap<>();
    private final Queue<Long> closed = new ConcurrentLinkedQueue<>();
    private final AtomicInteger closedCount = new AtomicInteger();

    private record Sites(Throwable acquired, @Nullable Throwable closed) {}

    /// The stack trace of a call that succeeded. It is never thrown.
    private static final class Site extends Exception {
        private static final long serialVersionUID = 1;

        private Site(String what) {
            super(what + " by " + Thread.currentThread());
        }
    }

    /// Stores the trace of an acquire. If the Java heap is full, there is no trace: the lease is open already.
    void acquired(long lease) {
        try {
            sites.put(lease, new Sites(new Site("lease acquired"), null));
        } catch (OutOfMemoryError e) {
            // the trace is missing in later messages
        }
    }

    /// Stores the trace of a close or hand-over. If the Java heap is full, there is no trace: the lease has ended.
    void closed(String what, long lease) {
        try {
            Long key = lease;
            if (!tryRemember(what, key)) {
                sites.remove(key); // otherwise the trace of the acquire would stay for ever
            }
        } catch (OutOfMemoryError e) {
            // the trace is missing in later messages
        }
    }

    private boolean tryRemember(String what, Long lease) {
        try {
            Site site = new Site(what);
            sites.computeIfPresent(lease, (handle, before) -> new Sites(before.acquired, site));
            closed.add(lease);
            if (closedCount.incrementAndGet() > REMEMBERED) {
                closedCount.decrementAndGet();
                Long oldest = closed.poll();
                if (oldest != null) {
                    sites.remove(oldest);
                }
            }
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    /// {@return the trace of the acquire of a lease, or null if it is unknown}
    @Nullable Throwable acquiredAt(long lease) {
        Sites found = sites.get(lease);
        return found == null ? null : found.acquired;
    }

    /// {@return the trace of the close or hand-over of a lease, or null if it is unknown}
    @Nullable Throwable closedAt(long lease) {
        Sites found = sites.get(lease);
        return found == null ? null : found.closed;
    }
}
