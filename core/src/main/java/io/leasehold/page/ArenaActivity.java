package io.leasehold.page;

import io.leasehold.budget.BudgetRefusal;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.service.RefusingLimit;
import org.jspecify.annotations.Nullable;

/// The counters of an arena that take the same short time to read however large the arena is, unlike
/// [PageArena#stats()]. Reading them allocates nothing. They can still be read after the arena was closed.
///
/// **Threads.** Thread-safe. Two calls may see different states.
public final class ArenaActivity {

    private final PageArenaOptions options; // (C)
    private final FramePool pool; // (C)
    private final MemoryBudget budget; // (C)
    private final int pageSizePower; // (C)

    ArenaActivity(PageArenaOptions options, FramePool pool, MemoryBudget budget, int pageSizePower) {
        this.options = options;
        this.pool = pool;
        this.pageSizePower = pageSizePower;
        this.budget = budget;
    }

    /// {@return the bytes that are charged to the budget: pages that may hold memory, and their tables}
    public long committedBytes() {
        return budget.usedBytes();
    }

    /// {@return the number of reservations that the budget of the arena or a parent rejected}
    public long budgetRefusals() {
        return budget.refusals();
    }

    /// {@return the refusal of the arena's last request to its budget, or null if that one was granted}
    public @Nullable BudgetRefusal lastRefusal() {
        return budget.lastRefusal();
    }

    /// {@return the limit that refuses a run of `byteSize` bytes} See [PageServices#refusingLimit].
    RefusingLimit refusingLimit(long byteSize) {
        long used;
        pool.lock.lock();
        try {
            used = (long) pool.supply.usedPages() << pageSizePower;
        } finally {
            pool.lock.unlock();
        }
        String ofArena = "arena=" + options.name() + ", max=" + options.byteSize() + " B";
        if (byteSize > options.byteSize() - used) {
            return new RefusingLimit(ofArena, budget);
        }
        BudgetRefusal refusal = budget.refusal(byteSize);
        if (refusal == null) {
            long longest = longestFreeRunBytes();
            if (longest < byteSize) {
                // the last refusal is of an earlier request
                return new RefusingLimit(ofArena + ", longestFreeRun=" + longest + " B", budget);
            }
            refusal = lastRefusal(); // by a listener, or of the tables that are charged with the first pages
        }
        if (refusal == null || refusal.refusing() == budget) { // pages that are not decommitted yet count
            return new RefusingLimit(ofArena, budget);
        }
        return new RefusingLimit(limitOf(refusal), refusal.refusing());
    }

    /// {@return the budget that refused, and its limit or listener}
    static String limitOf(BudgetRefusal refusal) {
        String budget = "budget=" + refusal.refusing().path();
        String listener = refusal.listener();
        return listener == null ? budget + ", max=" + refusal.maxBytes() + " B" : budget + ", listener=" + listener;
    }

    /// {@return the length of the longest run of free pages in bytes, not counting pages in the magazines of threads; 0
    /// after the arena was closed}
    public long longestFreeRunBytes() {
        pool.lock.lock();
        try {
            return (long) pool.longestFreeRun() << pageSizePower;
        } finally {
            pool.lock.unlock();
        }
    }

    /// {@return the number of flushes of all magazines}
    public long reclaims() {
        pool.lock.lock();
        try {
            return pool.counts.reclaims;
        } finally {
            pool.lock.unlock();
        }
    }

    /// {@return the number of runs that were decommitted}
    public long decommits() {
        pool.lock.lock();
        try {
            return pool.counts.decommits;
        } finally {
            pool.lock.unlock();
        }
    }

    /// {@return the number of kernel calls that failed}
    public long kernelRefusals() {
        pool.lock.lock();
        try {
            return pool.supply.failures();
        } finally {
            pool.lock.unlock();
        }
    }
}
