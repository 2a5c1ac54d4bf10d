package io.leasehold.page;

import static io.leasehold.text.Texts.format;

import io.leasehold.budget.BudgetRefusal;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.SystemCallException;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Tag;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes the statistics of an arena and its error messages.
///
/// **Threads.** Thread-safe. Each report is a snapshot of the common pool; magazines may change meanwhile.
final class ArenaReport {

    private static final int LIVE_PAGES_NAMED = 8;

    /// Maximum number of budgets in an error message.
    private static final int MAX_BUDGETS = 16;

    private final PageArenaOptions options; // (C)
    private final PageFrames frames; // (C)
    private final Magazines magazines; // (C)
    private final FramePool pool; // (C)
    private final MemoryBudget budget; // (C)

    ArenaReport(PageArenaOptions options, PageFrames frames, Magazines magazines, FramePool pool, MemoryBudget budget) {
        this.options = options;
        this.frames = frames;
        this.magazines = magazines;
        this.pool = pool;
        this.budget = budget;
    }

    PageArenaStats stats() {
        int[] wired = new int[1];
        int[] held = new int[1];
        // after the close the memory of the frames may be unmapped, and an access would end the process
        int upTo = frames.isClosed() ? 0 : pool.frontier();
        // without the lock, since it visits every page that was ever used
        frames.forEachLive(upTo, page -> {
            int index = FrameLayout.index(page);
            wired[0] += FrameLayout.wires(frames.wordAt(index)) > 0 ? frames.run(index) : 0;
            held[0] += FrameLayout.holds(frames.wordAt(index)) > 0 ? frames.run(index) : 0;
        });
        return pool.read((supply, counts, transit) -> {
            int cached = magazines.cachedPages();
            int live = supply.usedPages() - cached - transit;
            return new PageArenaStats(
                    options.pageByteSize(),
                    supply.limitPages(),
                    supply.pageCount(),
                    supply.frontier(),
                    budget.usedBytes(),
                    supply.tableBytes(),
                    live,
                    cached,
                    supply.idlePages(),
                    transit,
                    supply.limitPages() - live,
                    wired[0],
                    held[0],
                    supply.peakUsedPages(),
                    counts.allocations,
                    counts.frees,
                    counts.waits,
                    counts.reclaims,
                    counts.reclaimFailures,
                    counts.decommits,
                    counts.decommitFailures,
                    supply.failures(),
                    budget.refusals());
        });
    }

    /// {@return the error for a request that failed} The message is made without the lock of the pool, since making it
    /// takes long.
    ///
    /// @param pages number of pages that were requested
    /// @param tag tag of the arena
    PageExhaustedException exhausted(int pages, Tag tag) {
        Numbers seen = pool.read((supply, counts, transit) -> {
            int live = supply.usedPages() - magazines.cachedPages() - transit;
            int free = supply.limitPages() - live;
            FrameSupply.Shortage shortage = free < pages ? FrameSupply.Shortage.LIMIT : supply.shortage();
            return new Numbers(live, free, supply.idlePages(), pool.longestFreeRun(), shortage, supply.lastFailure());
        });
        BudgetRefusal refusal = seen.shortage == FrameSupply.Shortage.BUDGET ? budget.lastRefusal() : null;
        MemoryBudget full = refusal == null ? budget : refusal.refusing();
        return new PageExhaustedException(
                format(
                        "no run of %d pages, %s: arena=%s, live=%d, free=%d, idle=%d, %slimit=%d pages of %d B,"
                                + " longestFreeRun=%d, budget=%s, holders: %s%s",
                        pages,
                        seen.shortage.message,
                        options.name(),
                        seen.live,
                        seen.free,
                        seen.idle,
                        refusal == null ? "" : "refusing " + ArenaActivity.limitOf(refusal) + ", ",
                        options.byteSize() / options.pageByteSize(),
                        options.pageByteSize(),
                        seen.longestFreeRun,
                        budget.report(MAX_BUDGETS),
                        frames.owners().holders(seen.live),
                        MemorySource.topTags(MemorySource.chargedTo(full), tag)),
                seen.shortage == FrameSupply.Shortage.KERNEL ? seen.lastFailure : null);
    }

    /// The state of the pool when a request had failed.
    private record Numbers(
            int live,
            int free,
            int idle,
            int longestFreeRun,
            FrameSupply.Shortage shortage,
            @Nullable SystemCallException lastFailure) {}

    /// {@return the error for closing an arena with live pages}
    IllegalStateException pagesLive(int live) {
        List<String> named = new ArrayList<>();
        frames.forEachLive(pool.frontier(), page -> {
            if (named.size() < LIVE_PAGES_NAMED) {
                named.add(frames.errors().describe(page));
            }
        });
        return new IllegalStateException(format(
                "arena has live pages, free them first: arena=%s, live=%d, listed=%d: %s",
                options.name(), live, named.size(), String.join("; ", named)));
    }
}
