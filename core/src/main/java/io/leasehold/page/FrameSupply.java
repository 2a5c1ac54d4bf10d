package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.Region;
import io.leasehold.os.VirtualMemory.Advice;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// The free map, and the cost of its pages: budget, kernel calls and tables.
///
/// ```text
///   page 0              frontier                                pageCount, several times limitPages
///   |  touchable           |  reserved: free, cold, not committed    |
/// ```
///
/// Pages that may hold memory count against the limit: used pages, and idle pages until they are decommitted. If a
/// request finds addresses but no memory, idle pages elsewhere are decommitted, and the request is retried. If the
/// system cannot decommit, each page that was ever used counts for ever.
///
/// **Threads.** Guarded by `FramePool.lock`, except [#populate].
///
/// **Invariants.** I1: charged bytes == warm pages * page size + usable pages below the frontier * table bytes of a
/// page. I2: every used or warm page is below the frontier. I3: warm pages <= limitPages.
final class FrameSupply {

    /// Pages are made accessible in steps of this size, to save kernel calls. Accessible pages cost no memory until
    /// they are touched, but their tables are charged. So the first step has at most as many pages as the limit, and a
    /// further one at most a part of it. Pages that a forced close has lost do not count: their tables are not touched.
    static final long STEP_BYTES = 8 << 20;

    /// A step beyond as many pages as the limit is needed if free pages lie between lost or live ones.
    private static final int FURTHER_STEPS = 16;

    /// An arena grows if it allocates so many bytes of cold pages in a tick, which is an eighth of the decay. While it
    /// grows, runs are faulted in by one kernel call, which costs less than a page fault for each page. Otherwise pages
    /// are faulted in when they are touched, because a small server needs memory only for the pages that it touches.
    static final long GROWTH_BYTES = 4 << 20;

    /// The longest run that is faulted in while an arena grows: the caller waits for it, and may not touch all of it.
    private static final long MAX_GROWTH_RUN_BYTES = 128 << 10;

    private final Region region; // (C)
    private final PageFrames frames; // (C)
    private final FreeMap map; // (L)
    private final MemoryBudget budget; // (C)
    private final Settings settings; // (C)
    private final int pageSizePower; // (C)
    private final int stepPages; // (C)
    private int frontier; // (L) pages below it are accessible
    private int tablePages; // (L) usable pages below the frontier, whose tables are charged
    private Shortage shortage = Shortage.NO_RUN; // (L) why the last request failed, if it failed
    private @Nullable SystemCallException lastFailure; // (L) the last failure of a kernel call
    private long failures; // (L)
    private int peakUsed; // (L)
    private int growthTick; // (L) tick in which `grownPages` were counted
    private long grownPages; // (L) cold pages that were allocated in that tick
    private long grownBefore; // (L) and in the tick before it
    private int lastCold; // (L) cold pages of the run that was allocated last
    private volatile boolean populates = true; // (A) false after the kernel refused to fault in a run

    FrameSupply(Region region, PageFrames frames, FreeMap map, MemoryBudget budget, Settings settings) {
        this.region = region;
        this.frames = frames;
        this.map = map;
        this.budget = budget;
        this.settings = settings;
        this.pageSizePower = frames.pageSizePower();
        this.stepPages = Math.clamp(STEP_BYTES >>> pageSizePower, 1, settings.limitPages);
    }

    /// Settings that do not change while the arena is open.
    ///
    /// @param pageCount number of pages that have addresses
    /// @param limitPages maximum number of pages that may hold memory at a time
    /// @param metadataPerPage bytes of tables that are touched for each page
    /// @param prefault true if a page is faulted in before it is allocated
    /// @param framePages number of pages that can only be decommitted together: 1, or those of a huge frame
    record Settings(int pageCount, int limitPages, int metadataPerPage, boolean prefault, int framePages) {}

    /// Why no run could be allocated.
    enum Shortage {
        NO_RUN("no free run is long enough, though the bytes are there", false),
        LIMIT("the limit is reached", false),
        IDLE("the limit is reached by idle pages", true),
        BUDGET("the budget is used up", true),
        KERNEL("the kernel call failed", true);

        final String message; // (C)
        final boolean needsMemory; // (C) a decommit of idle memory may help

        Shortage(String message, boolean needsMemory) {
            this.message = message;
            this.needsMemory = needsMemory;
        }
    }

    /// Allocates a run. Prefers idle pages, since they are charged already and may still be in a processor's cache.
    ///
    /// @param align a power of two, in pages
    /// @return the first page, or [FreeMap#NONE]
    int carve(int pageCount, int align) {
        shortage = Shortage.NO_RUN;
        int page = map.find(pageCount, align, true);
        if (page < 0) {
            page = map.find(pageCount, align, false);
        }
        return page >= 0 && take(page, pageCount) ? page : FreeMap.NONE;
    }

    /// Allocates the given free pages, and charges those that are cold.
    ///
    /// @return true if the pages could be charged and committed
    boolean take(int page, int pageCount) {
        shortage = Shortage.NO_RUN;
        int cold = map.coldIn(page, pageCount);
        if (cold > settings.limitPages - map.warmPages()) {
            // idle pages are warm: those in the run stay warm, and all others may be decommitted
            shortage = pageCount > settings.limitPages - map.usedPages() ? Shortage.LIMIT : Shortage.IDLE;
            return false;
        }
        if (cold > 0 && !charge(page + pageCount, cold)) {
            return false;
        }
        map.take(page, pageCount);
        peakUsed = Math.max(peakUsed, usedPages());
        lastCold = cold;
        grownPages += cold;
        return true;
    }

    /// Counts growth from 0 if `tick` is not the tick of the last call.
    void noteTick(int tick) {
        if (tick != growthTick) {
            grownBefore = tick == growthTick + 1 ? grownPages : 0;
            growthTick = tick;
            grownPages = 0;
        }
    }

    /// {@return true if many cold pages were allocated in this tick or the last one}
    boolean isGrowing() {
        return populates && Math.max(grownPages, grownBefore) << pageSizePower >= GROWTH_BYTES;
    }

    /// {@return true if the run of `pageCount` pages that was allocated last is to be faulted in}
    boolean isPopulateDue(int pageCount) {
        boolean isShort = (long) pageCount << pageSizePower <= MAX_GROWTH_RUN_BYTES;
        return settings.prefault || (pageCount > 1 && isShort && lastCold > 0 && isGrowing());
    }

    /// Allocates up to `max` single idle pages and writes them to `out`.
    ///
    /// @return number of pages
    int takeIdleSingles(int[] out, int max) {
        int taken = map.takeIdleSingles(out, max);
        peakUsed = Math.max(peakUsed, usedPages());
        return taken;
    }

    /// Frees a run that may hold memory.
    void giveIdle(int page, int pageCount, int tick) {
        map.giveIdle(page, pageCount, tick);
    }

    /// Takes idle pages for a decommit.
    ///
    /// @param isAgedOnly true for pages that were idle for more than a decay, false for all idle pages
    /// @return true if there may be more such pages
    boolean takeIdle(DecommitBatch batch, int tick, boolean isAgedOnly) {
        return isAgedOnly
                ? map.takeAged(batch, tick, settings.framePages)
                : map.takeIdle(batch, tick, 0, settings.framePages);
    }

    /// {@return true if there are idle pages that are not old enough yet}
    boolean isAging() {
        return map.isAging();
    }

    /// Frees the pages that [#takeIdle] took and whose decommit failed.
    void giveBack(DecommitBatch batch, int tick) {
        for (int i = 0; i < batch.count(); i++) {
            map.giveIdle(batch.page(i), batch.pageCount(i), tick);
        }
    }

    /// Frees the pages that [#takeIdle] took and that are decommitted now, and releases their bytes to the budget.
    void giveCold(DecommitBatch batch) {
        map.giveCold(batch);
        budget.release((long) batch.warm() << pageSizePower);
    }

    /// Records a failed kernel call, as the reason why the last request failed.
    void noteFailure(SystemCallException e) {
        shortage = Shortage.KERNEL;
        lastFailure = e;
        failures++;
    }

    /// Sets the failed kernel call as the reason why the last request failed.
    void blameKernel() {
        shortage = Shortage.KERNEL;
    }

    /// {@return true if the `pageCount` pages from `page` on exist and are free}
    boolean isFree(int page, int pageCount) {
        return map.isFree(page, pageCount);
    }

    /// {@return true if reclaiming cannot free the `pageCount` pages from `page` on} This is so if they reach beyond
    /// the end of the arena, or the first used page among them is lost or belongs to a live allocation.
    boolean isBlocked(int page, int pageCount) {
        int inTheWay = map.firstUsed(page, pageCount);
        return inTheWay >= settings.pageCount
                || (inTheWay != FreeMap.NONE
                        && (map.lost.contains(inTheWay) || FrameLayout.isLive(frames.wordAt(inTheWay))));
    }

    /// {@return the length of the longest run of free pages}
    int longestFreeRun() {
        return map.longestFree();
    }

    /// {@return the reason why the last request failed, if it failed}
    Shortage shortage() {
        return shortage;
    }

    /// {@return the last failure of a kernel call, or null if there was none}
    @Nullable SystemCallException lastFailure() {
        return lastFailure;
    }

    long failures() {
        return failures;
    }

    int pageCount() {
        return settings.pageCount;
    }

    int limitPages() {
        return settings.limitPages;
    }

    int usedPages() {
        return map.usedPages();
    }

    /// {@return the pages that are live, in a magazine, or being decommitted}
    BitSet pagesInUse() {
        return map.usedPages(frontier);
    }

    int idlePages() {
        return map.idlePages();
    }

    int peakUsedPages() {
        return peakUsed;
    }

    int frontier() {
        return frontier;
    }

    /// {@return number of bytes that are charged to the budget for pages and their tables}
    long chargedBytes() {
        return ((long) map.warmPages() << pageSizePower) + tableBytes();
    }

    /// {@return number of these bytes that are charged for tables}
    long tableBytes() {
        return (long) tablePages * settings.metadataPerPage;
    }

    void checkInvariants(int transit) {
        map.checkInvariants(transit);
        if (map.usedPages(settings.pageCount).length() > frontier) {
            throw new AssertionError("I2: used pages at or above the frontier: frontier=" + frontier);
        }
        if (tablePages != map.lost.usablePages(0, frontier)) {
            throw new AssertionError("I1: tables of pages=" + tablePages + ", frontier=" + frontier);
        }
        if (map.warmPages() > settings.limitPages) {
            throw new AssertionError("I3: warm=" + map.warmPages() + ", limit=" + settings.limitPages);
        }
    }

    private boolean charge(int end, int cold) {
        int newFrontier = frontier;
        while (end > newFrontier) {
            int most = newFrontier == 0 ? stepPages : Math.max(1, settings.limitPages / FURTHER_STEPS);
            newFrontier = map.lost.endOfUsable(newFrontier, Math.min(stepPages, most));
        }
        int newTables = map.lost.usablePages(frontier, newFrontier);
        long bytes = ((long) cold << pageSizePower) + (long) newTables * settings.metadataPerPage;
        if (!budget.tryReserve(bytes)) {
            shortage = Shortage.BUDGET;
            return false;
        }
        boolean isCommitted = false;
        try {
            region.commit((long) newFrontier << pageSizePower);
            frontier = newFrontier;
            tablePages += newTables;
            isCommitted = true;
        } catch (SystemCallException e) {
            noteFailure(e);
        } finally {
            if (!isCommitted) {
                budget.release(bytes);
            }
        }
        return isCommitted;
    }

    /// Faults in a run. Called without the lock, since the kernel needs some time.
    ///
    /// @return the error if the kernel call failed and the arena prefaults, else null
    @Nullable SystemCallException populate(int page, int pageCount) {
        try {
            region.memory().advise(frames.addressOf(page), (long) pageCount << pageSizePower, Advice.POPULATE_WRITE);
            return null;
        } catch (SystemCallException e) {
            populates = false; // the pages are faulted in when they are touched
            return settings.prefault ? e : null;
        } catch (OutOfMemoryError e) {
            return null; // no Java heap for the call: as above
        }
    }
}
