package io.leasehold.slab;

import java.util.concurrent.atomic.AtomicLong;

/// How many pages lie in slabs without a lent block, whatever their size: what a heap keeps for the next burst.
///
/// ```text
///   bound = least + held / 16, at most the most
/// ```
///
/// Up to the bound they wait for their own size, with the objects of their blocks; beyond it they are given back at
/// once, so that other sizes find them. It grows with what the heap holds, as does what a burst brings.
///
/// **Threads.** Thread-safe.
final class IdleStock {

    private static final int HELD_SHARE = 16;

    private final long leastPages; // (C)
    private final long mostPages; // (C)
    private final AtomicLong idlePages = new AtomicLong(); // (A)
    private final AtomicLong heldPages = new AtomicLong(); // (A) of all slabs
    private final AtomicLong largeSlabs = new AtomicLong(); // (A) idle ones

    IdleStock(long leastPages, long mostPages) {
        this.leastPages = leastPages;
        this.mostPages = mostPages;
    }

    void hold(int more) {
        heldPages.addAndGet(more);
    }

    void idle(int more) {
        idlePages.addAndGet(more);
    }

    void idleLarge(int more) {
        largeSlabs.addAndGet(more);
    }

    /// {@return whether one large slab waits, of whatever size}
    boolean hasOneLarge() {
        return largeSlabs.get() == 1;
    }

    boolean isFull() {
        return idlePages.get() > Math.min(mostPages, leastPages + heldPages.get() / HELD_SHARE);
    }

    @Override
    public String toString() {
        return "IdleStock(idlePages=" + idlePages + ", heldPages=" + heldPages + ", bounds=" + leastPages + ".."
                + mostPages + ")";
    }
}
