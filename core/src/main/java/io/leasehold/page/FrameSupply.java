package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.Region;
import io.leasehold.os.VirtualMemory.Advice;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// The free map together with what its pages cost: budget, kernel calls, tables.
///
/// ```text
///   page 0              frontier                                pageCount, several times limitPages
///   |  touchable           |  reserved: free, cold, not committed    |
/// ```
///
/// Pages that may hold memory count against the limit: those in use, and idle ones until the system took them back. A
/// request that finds addresses, but no memory, is met after idle pages elsewhere were decommitted. Where the system
/// takes nothing back, each page that was ever used counts for ever.
///
/// **Threads.** Guarded by the lock of [FramePool], but for [#populate].
///
/// **Invariants.** I1: charged == warm pages * page size + frontier * table bytes a page. I2: every used or warm page
/// is below the frontier. I3: warm pages <= limitPages.
final class FrameSupply {

    /// New pages are made accessible in steps, so that the frontier costs few kernel calls; it costs no memory.
    static final long STEP_BYTES = 8 << 20;

    private final Region region; // (C)
    private final PageFrames frames; // (C)
    private final FreeMap map; // (L)
    private final MemoryBudget budget; // (C)
    private final Terms terms; // (C)
    private final int pageSizePower; // (C)
    private final int stepPages; // (C)
    private int frontier; // (L) pages below may be touched
    private Shortage shortage = Shortage.NO_RUN; // (L) why the last request failed, if it did
    private @Nullable SystemCallException refusal; // (L) the kernel's last no
    private long refusals; // (L)
    private int peakUsed; // (L)

    FrameSupply(Region region, PageFrames frames, FreeMap map, MemoryBudget budget, Terms terms) {
        this.region = region;
        this.frames = frames;
        this.map = map;
        this.budget = budget;
        this.terms = terms;
        this.pageSizePower = frames.pageSizePower();
        this.stepPages = Math.max(1, (int) (STEP_BYTES >>> pageSizePower));
    }

    /// What an arena fixes.
    ///
    /// @param pageCount number of pages that have addresses
    /// @param limitPages maximum number of pages that may hold memory at a time
    /// @param metadataPerPage bytes of tables that each page touches
    /// @param prefault true if a page is faulted in before it is handed out
    /// @param framePages number of pages that may only be decommitted together: 1, or those of a huge frame
    record Terms(int pageCount, int limitPages, int metadataPerPage, boolean prefault, int framePages) {}

    /// Why a run could not be had.
    enum Shortage {
        NO_RUN("no free run is long enough, though the bytes are there", false),
        LIMIT("the limit is reached", false),
        IDLE("the limit is reached by idle pages", true),
        BUDGET("the budget is used up", true),
        KERNEL("the kernel refused memory", true);

        final String words; // (C)
        final boolean needsMemory; // (C) idle memory that is given back may help

        Shortage(String words, boolean needsMemory) {
            this.words = words;
            this.needsMemory = needsMemory;
        }
    }

    /// Takes a run: an idle one if there is one, since it is paid for and perhaps still in a processor's cache.
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

    /// Takes a run that is free, paying for what is cold in it.
    ///
    /// @return whether it could be paid for
    boolean take(int page, int pageCount) {
        shortage = Shortage.NO_RUN;
        int cold = map.coldIn(page, pageCount);
        if (cold > terms.limitPages - map.warmPages()) {
            // idle pages are warm: those in the run stay so, and all others may go
            shortage = pageCount > terms.limitPages - map.usedPages() ? Shortage.LIMIT : Shortage.IDLE;
            return false;
        }
        if (cold > 0 && !pay(page + pageCount, cold)) {
            return false;
        }
        map.take(page, pageCount);
        peakUsed = Math.max(peakUsed, usedPages());
        return true;
    }

    /// Takes up to `max` single idle pages and writes them to `out`.
    ///
    /// @return how many
    int takeIdleSingles(int[] out, int max) {
        int taken = map.takeIdleSingles(out, max);
        peakUsed = Math.max(peakUsed, usedPages());
        return taken;
    }

    /// Gives a run back that may hold memory.
    void giveIdle(int page, int pageCount, int tick) {
        map.giveIdle(page, pageCount, tick);
    }

    /// Takes pages for a decommit: those that became old, or with a `minAge` of 0 all idle ones.
    ///
    /// @return true if there may be more
    boolean takeIdle(DecommitBatch batch, int tick, int minAge) {
        return minAge == 0
                ? map.takeIdle(batch, tick, 0, terms.framePages)
                : map.takeAged(batch, tick, terms.framePages);
    }

    /// {@return true if pages wait to become old}
    boolean isAging() {
        return map.isAging();
    }

    /// Gives back what [#takeIdle] took and the kernel did not take.
    void giveBack(DecommitBatch batch, int tick) {
        for (int i = 0; i < batch.count(); i++) {
            map.giveIdle(batch.page(i), batch.pageCount(i), tick);
        }
    }

    /// Gives back what [#takeIdle] took and whose memory is gone.
    void giveCold(DecommitBatch batch) {
        map.giveCold(batch);
        budget.release((long) batch.warm() << pageSizePower);
    }

    /// Notes that the kernel said no.
    void refused(SystemCallException e) {
        shortage = Shortage.KERNEL;
        refusal = e;
        refusals++;
    }

    /// Says that the last request failed because of what the kernel refused meanwhile.
    void blameKernel() {
        shortage = Shortage.KERNEL;
    }

    /// {@return whether `pageCount` pages from `page` on exist and are free}
    boolean isFree(int page, int pageCount) {
        return map.isFree(page, pageCount);
    }

    /// {@return true if `pageCount` pages from `page` on do not exist, or a live allocation is the first that is in the
    /// way, so that nothing that is reclaimed helps}
    boolean isBlocked(int page, int pageCount) {
        int inTheWay = map.firstUsed(page, pageCount);
        return inTheWay >= terms.pageCount
                || (inTheWay != FreeMap.NONE && (map.isLost(inTheWay) || FrameLayout.isLive(frames.wordAt(inTheWay))));
    }

    /// {@return the length of the longest run of free pages}
    int longestFreeRun() {
        return map.longestFree();
    }

    /// {@return why the last request failed, if it did}
    Shortage shortage() {
        return shortage;
    }

    /// {@return the kernel's last refusal, if there was one}
    @Nullable SystemCallException refusal() {
        return refusal;
    }

    long refusals() {
        return refusals;
    }

    int pageCount() {
        return terms.pageCount;
    }

    int limitPages() {
        return terms.limitPages;
    }

    int usedPages() {
        return map.usedPages();
    }

    /// {@return the pages that are in use, in a magazine or being decommitted}
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

    /// {@return what is charged to the budget for pages and their tables}
    long chargedBytes() {
        return ((long) map.warmPages() << pageSizePower) + (long) frontier * terms.metadataPerPage;
    }

    void checkInvariants(int transit) {
        map.checkInvariants(transit);
        if (map.usedPages(terms.pageCount).length() > frontier) {
            throw new AssertionError("I2: used pages from the frontier on: " + frontier);
        }
        if (map.warmPages() > terms.limitPages) {
            throw new AssertionError("I3: warm=" + map.warmPages() + ", limit=" + terms.limitPages);
        }
    }

    private boolean pay(int end, int cold) {
        int newFrontier = frontier;
        if (end > frontier) {
            newFrontier = (int) Math.min(terms.pageCount, (long) Math.ceilDiv(end, stepPages) * stepPages);
        }
        long bytes = ((long) cold << pageSizePower) + (long) (newFrontier - frontier) * terms.metadataPerPage;
        if (!budget.tryReserve(bytes)) {
            shortage = Shortage.BUDGET;
            return false;
        }
        boolean isPaid = false;
        try {
            region.commit((long) newFrontier << pageSizePower);
            frontier = newFrontier;
            isPaid = true;
        } catch (SystemCallException e) {
            refused(e);
        } finally {
            if (!isPaid) {
                budget.release(bytes);
            }
        }
        return isPaid;
    }

    /// Faults a run in, if the arena wants that. Without the lock, as it takes the kernel some time.
    ///
    /// @return the error if the kernel refuses, else null
    @Nullable SystemCallException populate(int page, int pageCount) {
        if (!terms.prefault) {
            return null;
        }
        try {
            region.memory().advise(frames.addressOf(page), (long) pageCount << pageSizePower, Advice.POPULATE_WRITE);
            return null;
        } catch (SystemCallException e) {
            return e;
        } catch (OutOfMemoryError e) {
            return null; // there is no Java heap for the call: the pages come into memory as they are touched
        }
    }
}
