package io.leasehold.slab;

import java.util.concurrent.atomic.AtomicLong;

/// How many pages lie in slabs without a lent block, whatever their size: what a heap keeps for the next burst.
///
/// Up to a bound they wait for their own size, with the objects of their blocks; beyond it they are given back at once,
/// so that other sizes find them.
///
/// **Threads.** Thread-safe.
final class IdleStock {

    private final long maxPages; // (C)
    private final AtomicLong pages = new AtomicLong(); // (A)

    IdleStock(long maxPages) {
        this.maxPages = maxPages;
    }

    void add(int more) {
        pages.addAndGet(more);
    }

    boolean isFull() {
        return pages.get() > maxPages;
    }

    @Override
    public String toString() {
        return "IdleStock(pages=" + pages + ", bound=" + maxPages + ")";
    }
}
