package io.leasehold.page;

import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// A reclaimer with a cache of pages that counts its calls.
class CachingReclaimer implements PageReclaimer {

    final PageArena arena;
    final Queue<Long> pages = new ConcurrentLinkedQueue<>();
    final AtomicInteger decays = new AtomicInteger();
    final AtomicInteger shrinks = new AtomicInteger();

    CachingReclaimer(PageArena arena) {
        this.arena = arena;
        ArenaAccess.of(arena).addReclaimer(this);
    }

    /// Allocates `count` pages for the cache.
    CachingReclaimer fill(int count) {
        for (int i = 0; i < count; i++) {
            pages.add(arena.allocate());
        }
        return this;
    }

    @Override
    public Progress decay(Pace pace) {
        decays.incrementAndGet();
        return Progress.NEXT_TICK;
    }

    @Override
    public int shrink() {
        shrinks.incrementAndGet();
        int count = 0;
        for (Long page = pages.poll(); page != null; page = pages.poll()) {
            arena.free(page);
            count++;
        }
        return count;
    }
}
