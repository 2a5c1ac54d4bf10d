package io.leasehold.jumbo;

import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer;

/// The callbacks with which the arena of a pool reclaims memory.
///
/// **Threads.** Thread-safe; [#decay] or [#watch] by one thread at a time.
final class PoolReclaimer implements PageReclaimer {

    private final String pool; // (C)
    private final SlabReclaimer<?> slabs; // (C)
    private final Backpressure backpressure; // (C)

    PoolReclaimer(String pool, SlabReclaimer<?> slabs, Backpressure backpressure) {
        this.pool = pool;
        this.slabs = slabs;
        this.backpressure = backpressure;
    }

    @Override
    public Progress decay(Pace pace) {
        Progress progress = slabs.decay(pace);
        backpressure.relax(); // a slot that was busy for too long was visited again
        return progress == Progress.DONE && backpressure.hasWaiters() ? Progress.NEXT_TICK : progress;
    }

    @Override
    public Progress watch() {
        return backpressure.drainAgain() ? Progress.NEXT_TICK : Progress.DONE;
    }

    @Override
    public void collectOwn() {
        slabs.collectOwn();
    }

    @Override
    public int shrink() {
        return slabs.shrink();
    }

    @Override
    public int trim() {
        return slabs.trim();
    }

    @Override
    public boolean keepsOpen() {
        return true;
    }

    @Override
    public String toString() {
        return "pool " + pool;
    }
}
