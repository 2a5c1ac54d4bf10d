package io.leasehold.slab;

import java.util.concurrent.atomic.AtomicLong;

/// How many pages lie in slabs without a lent block, whatever their size: what a heap keeps for the next burst.
///
/// ```text
///   bound = least + held / 16, at most the most        least = most / 4
/// ```
///
/// Up to the bound they wait for their own size, with the objects of their blocks; beyond it they are given back at
/// once, so that other sizes find them. It grows with what the heap holds, as does what a burst brings.
///
/// **Threads.** Thread-safe.
final class IdleStock {

    private static final int LEAST_SHARE = 4;
    private static final int HELD_SHARE = 16;

    private final long maxPages; // (C)
    private final AtomicLong idlePages = new AtomicLong(); // (A)
    private final AtomicLong heldPages = new AtomicLong(); // (A) of all slabs

    IdleStock(long maxPages) {
        this.maxPages = maxPages;
    }

    void hold(int more) {
        heldPages.addAndGet(more);
    }

    void idle(int more) {
        idlePages.addAndGet(more);
    }

    boolean isFull() {
        return idlePages.get() > Math.min(maxPages, maxPages / LEAST_SHARE + heldPages.get() / HELD_SHARE);
    }

    @Override
    public String toString() {
        return "IdleStock(idlePages=" + idlePages + ", heldPages=" + heldPages + ", most=" + maxPages + ")";
    }
}
