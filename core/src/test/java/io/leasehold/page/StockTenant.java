package io.leasehold.page;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// A tenant with pages in stock, who counts how often he is asked.
class StockTenant implements PageTenant {

    final PageArena arena;
    final Queue<Long> pages = new ConcurrentLinkedQueue<>();
    final AtomicInteger settles = new AtomicInteger();
    final AtomicInteger asked = new AtomicInteger();

    StockTenant(PageArena arena) {
        this.arena = arena;
        arena.setTenant(this, true);
    }

    /// Takes `count` pages.
    StockTenant fill(int count) {
        for (int i = 0; i < count; i++) {
            pages.add(arena.allocate());
        }
        return this;
    }

    @Override
    public void settle() {
        settles.incrementAndGet();
    }

    @Override
    public int relinquish() {
        asked.incrementAndGet();
        int count = 0;
        for (Long page = pages.poll(); page != null; page = pages.poll()) {
            arena.free(page);
            count++;
        }
        return count;
    }
}
