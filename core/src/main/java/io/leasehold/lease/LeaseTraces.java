package io.leasehold.lease;

import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Where the leases of a traced pool were acquired and closed: of all that are open, and of the last that were closed.
///
/// **Threads.** Thread-safe.
final class LeaseTraces {

    /// Enough to find who closed a lease that somebody still uses, and some ten megabytes of stacks at most.
    static final int REMEMBERED = 4096;

    private final Map<Long, Sites> sites = new ConcurrentHashMap<>();
    private final Queue<Long> closed = new ConcurrentLinkedQueue<>();
    private final AtomicInteger closedCount = new AtomicInteger();

    private record Sites(Throwable acquired, @Nullable Throwable closed) {}

    /// The stack of a call that succeeded; it is thrown by nobody.
    private static final class Site extends Exception {
        private static final long serialVersionUID = 1;

        private Site(String what) {
            super(what + " by " + Thread.currentThread());
        }
    }

    void acquired(long lease) {
        sites.put(lease, new Sites(new Site("lease acquired"), null));
    }

    void closed(String what, long lease) {
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
    }

    /// {@return where a lease was acquired, or null if that is not known}
    @Nullable Throwable acquiredAt(long lease) {
        Sites found = sites.get(lease);
        return found == null ? null : found.acquired;
    }

    /// {@return where a lease was closed or handed over, or null if that is not known}
    @Nullable Throwable closedAt(long lease) {
        Sites found = sites.get(lease);
        return found == null ? null : found.closed;
    }
}
