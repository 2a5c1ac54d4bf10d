package io.leasehold.page;

import static io.leasehold.page.BitmapLayout.PAGEBLOCK_PAGES;
import static io.leasehold.page.BitmapLayout.PAGEBLOCK_POWER;
import static io.leasehold.page.BitmapLayout.WORDS_PER_PAGEBLOCK;
import static io.leasehold.page.BitmapLayout.mask;
import static io.leasehold.page.BitmapLayout.nextWord;
import static io.leasehold.page.BitmapLayout.wordOffset;
import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import java.util.BitSet;

/// Tracks which pages are free, and which free pages may still hold memory, by two bitmaps and summaries of their
/// pageblocks.
///
/// ```text
///   page      0        512       1024                        a pageblock is 512 pages, eight words of each bitmap
///   used      11101000 00000000  ...                         1: live, in a magazine, or being decommitted
///   warm      11111010 00000000  ...                         1: may hold memory, so it is charged to the budget
///   free = !used     idle = !used && warm     cold = !warm     lost: used and cold for ever
///
///   runs      FreeRuns of the free pages, and of the idle pages: where a run of a given length begins
///   aging     AgingPageblocks: which pageblocks have idle pages that will be old enough for a decommit
/// ```
///
/// Neighbours coalesce without any work, since a run is nothing but adjacent bits.
///
/// **Cost.** Taking and freeing pages visits their pageblocks, and updates the trees upwards as far as something
/// changes. A search takes a few steps for each level of a tree. Only checks visit all pageblocks.
///
/// **Threads.** Guarded by `FramePool.lock`.
///
/// **Invariants.** I1: `freePages`, `idlePages` and `warmPages` are the numbers of bits in the bitmaps. I2: a used page
/// is warm, unless it is lost, or is being decommitted with its huge frame. I3: the trees of the runs agree with the
/// bitmaps.
final class FreeMap {

    static final int NONE = -1;

    /// In place of a tick: no idle page of the pageblock is young.
    private static final int NOT_DUE = Integer.MIN_VALUE;

    /// Maximum number of pageblocks that one search for old pages visits before it releases the lock.
    private static final int MAX_LOOKS = 64;

    private final int pageCount; // (C)
    final LostPages lost; // (C)
    private final long used; // (C) address of the bitmap
    private final long warm; // (C) address of the bitmap
    private final long stamps; // (C) address of one byte for each page: the tick of its last free
    private final FreeRuns freeRuns; // (L)
    private final FreeRuns idleRuns; // (L)
    private final AgingPageblocks aging; // (L)
    private int freePages; // (L)
    private int idlePages; // (L)
    private int warmPages; // (L)

    /// @param usedBits zeroed bitmap
    /// @param warmBits zeroed bitmap
    /// @param stamps zeroed bytes, one for each page
    /// @param summaries zeroed memory of [#summaryByteSize]
    /// @param lost pages that are never allocated, since a previous owner may still write to them
    FreeMap(int pageCount, long usedBits, long warmBits, long stamps, long summaries, BitSet lost) {
        this.pageCount = pageCount;
        this.lost = new LostPages(lost, pageCount);
        int pageblocks = BitmapLayout.pageblocks(pageCount);
        this.used = usedBits;
        this.warm = warmBits;
        this.stamps = stamps;
        this.freeRuns = new FreeRuns(pageCount, usedBits, warmBits, summaries, false);
        this.idleRuns = new FreeRuns(pageCount, usedBits, warmBits, summaries + RunTree.byteSize(pageblocks), true);
        this.aging = new AgingPageblocks(summaries + 2 * RunTree.byteSize(pageblocks));
        this.freePages = pageblocks * PAGEBLOCK_PAGES;
        int beyond = freePages - pageCount;
        if (beyond > 0) {
            // pages beyond the end count as used for ever; their warm bits stay clear, since they never hold memory
            mark(pageCount, beyond, false);
        }
        for (int page = lost.nextSetBit(0); page >= 0; page = lost.nextSetBit(lost.nextClearBit(page))) {
            mark(page, lost.nextClearBit(page) - page, false);
        }
    }

    /// {@return number of bytes of memory for the trees and lists of a map}
    static long summaryByteSize(int pageCount) {
        int pageblocks = BitmapLayout.pageblocks(pageCount);
        return 2 * RunTree.byteSize(pageblocks) + AgingPageblocks.byteSize(pageblocks);
    }

    int freePages() {
        return freePages;
    }

    int idlePages() {
        return idlePages;
    }

    int warmPages() {
        return warmPages;
    }

    /// {@return number of pages that are neither free nor lost}
    int usedPages() {
        return lost.usablePages() - freePages;
    }

    /// {@return the pages below `end` that are neither free nor lost}
    BitSet usedPages(int end) {
        BitSet pages = Bitmap.copy(used, end);
        lost.removeFrom(pages);
        return pages;
    }

    /// {@return the length of the longest free run}
    int longestFree() {
        return freeRuns.longest();
    }

    /// Finds the lowest `n` adjacent pages that are free (or idle, if `idleOnly`) and begin at a multiple of `align`.
    ///
    /// @return the first page, or [#NONE]
    int find(int n, int align, boolean idleOnly) {
        return (idleOnly ? idleRuns : freeRuns).find(n, align);
    }

    /// Takes up to `max` single idle pages and writes them to `out`.
    ///
    /// @return number of pages
    int takeIdleSingles(int[] out, int max) {
        int taken = 0;
        while (taken < max && idlePages > 0) {
            int pageblock = idleRuns.findFrom(0, 1) >>> PAGEBLOCK_POWER;
            int from = taken;
            for (int word = 0; word < WORDS_PER_PAGEBLOCK && taken < max; word++) {
                long bits = idleRuns.bits(pageblock * WORDS_PER_PAGEBLOCK + word);
                for (; bits != 0 && taken < max; bits &= bits - 1) {
                    out[taken++] = (pageblock << PAGEBLOCK_POWER) + word * Long.SIZE + Long.numberOfTrailingZeros(bits);
                }
            }
            for (int i = from; i < taken; i++) {
                markWords(out[i], 1, true);
            }
            refresh(out[from], 1, true);
        }
        return taken;
    }

    /// {@return number of cold pages among the `n` pages from `page` on}
    int coldIn(int page, int n) {
        return n - Bitmap.count(warm, page, page + n);
    }

    /// {@return true if the `n` pages from `page` on exist and are all free}
    boolean isFree(int page, int n) {
        return n <= pageCount - page && firstUsed(page, n) == NONE;
    }

    /// {@return the first used page among the `n` pages from `page` on, `pageCount` if they reach beyond the end, or
    /// [#NONE]}
    int firstUsed(int page, int n) {
        int end = Math.min(pageCount, page + n);
        int first = Bitmap.firstSet(used, page, end);
        return first != NONE ? first : end < page + n ? pageCount : NONE;
    }

    /// Takes `n` free pages, which become warm.
    void take(int page, int n) {
        mark(page, n, true);
    }

    /// Frees `n` pages that may hold memory, at the tick `tick`. Pages that were taken cold for a decommit stay cold.
    void giveIdle(int page, int n, int tick) {
        boolean isIdle = clearWords(page, n, false) > 0;
        refresh(page, n, isIdle);
        OffHeap.fill(stamps + page, n, (byte) tick);
        aging.addPages(page, n, tick + Decay.TICKS + 1, tick);
    }

    /// Frees `n` pages that hold no memory.
    void giveCold(int page, int n) {
        boolean isIdle = clearWords(page, n, true) > 0;
        refresh(page, n, isIdle);
    }

    /// Frees the pages of a batch, which hold no memory.
    void giveCold(DecommitBatch batch) {
        for (int i = 0; i < batch.count(); i++) {
            clearWords(batch.page(i), batch.pageCount(i), true);
        }
        int refreshed = NONE; // most runs of one pageblock follow each other
        for (int i = 0; i < batch.count(); i++) {
            int last = (batch.page(i) + batch.pageCount(i) - 1) >>> PAGEBLOCK_POWER;
            if (batch.page(i) >>> PAGEBLOCK_POWER != refreshed || last != refreshed) {
                refresh(batch.page(i), batch.pageCount(i), false);
                refreshed = last;
            }
        }
    }

    /// {@return true if there are idle pages that were not visited since they became old enough for a decommit}
    boolean isAging() {
        return !aging.isEmpty();
    }

    /// Takes idle pages that were freed more than a decay before `tick`, from pageblocks that are due, and adds them to
    /// `batch` as runs.
    ///
    /// @param framePages 1, or the number of pages of a huge frame that may only be taken whole; the arena may end
    ///     before its last huge frame does
    /// @return true if there may be more such pages
    boolean takeAged(DecommitBatch batch, int tick, int framePages) {
        for (int looks = 0; looks < MAX_LOOKS && !batch.isFull(); looks += pageblocksOf(framePages)) {
            int pageblock = aging.poll(tick);
            if (pageblock < 0) {
                return false;
            }
            int from = pageblock << PAGEBLOCK_POWER & -framePages; // a huge frame may have several pageblocks
            int reached = takeIdleOf(pageblock, from, batch, tick, Decay.TICKS + 1, framePages);
            int due = reached < end(pageblock) ? tick : nextDue(pageblock, tick);
            if (due != NOT_DUE) {
                aging.add(pageblock, due, tick);
            }
        }
        return true;
    }

    /// Takes idle pages from all pageblocks behind the search position of the batch, and adds them to `batch` as runs.
    ///
    /// @param minTicks minimum number of ticks from the free of a page to `tick`, at most 255; 0 takes all pages
    /// @param framePages 1, or the number of pages of a huge frame that may only be taken whole; the arena may end
    ///     before its last huge frame does
    /// @return true if there may be more such pages behind the visited pageblocks
    boolean takeIdle(DecommitBatch batch, int tick, int minTicks, int framePages) {
        for (int looks = 0; looks < MAX_LOOKS && !batch.isFull(); looks += pageblocksOf(framePages)) {
            int page = batch.from() < pageCount ? idleRuns.findFrom(batch.from(), 1) : NONE;
            if (page < 0) {
                return false;
            }
            batch.continueAt(
                    takeIdleOf(page >>> PAGEBLOCK_POWER, page & -framePages, batch, tick, minTicks, framePages));
        }
        return true;
    }

    /// Takes the old idle pages of one pageblock, from `from` on, until the batch is full.
    ///
    /// @return the page after the last one that was visited
    private int takeIdleOf(int pageblock, int from, DecommitBatch batch, int tick, int minTicks, int framePages) {
        int page = from;
        boolean isChanged = false;
        batch.countLook();
        while (page < end(pageblock) && !batch.isFull()) {
            int most = Math.min(end(pageblock) - page, batch.remaining());
            int n = framePages > 1 ? Math.min(framePages, pageCount - page) : idleRun(page, most, tick, minTicks);
            if (framePages == 1 ? n > 0 : isOldFrame(page, n, tick, minTicks)) {
                batch.add(page, n, n - coldIn(page, n));
                markWords(page, n, false);
                isChanged = true;
            }
            page += Math.max(n, 1);
        }
        if (isChanged) {
            refresh(from, page - from, true);
        }
        return page;
    }

    private static int pageblocksOf(int framePages) {
        return Math.max(1, framePages >>> PAGEBLOCK_POWER);
    }

    /// {@return the tick in which the next idle page of a pageblock is old enough, or [#NOT_DUE] if no idle page is
    /// young}
    private int nextDue(int pageblock, int tick) {
        int oldest = -1;
        for (int page = pageblock << PAGEBLOCK_POWER; page < end(pageblock); page++) {
            int age = isIdle(page) ? age(page, tick) : Decay.TICKS + 1;
            oldest = age <= Decay.TICKS ? Math.max(oldest, age) : oldest;
        }
        return oldest < 0 ? NOT_DUE : tick + Decay.TICKS + 1 - oldest;
    }

    private int end(int pageblock) {
        return Math.min((pageblock + 1) << PAGEBLOCK_POWER, pageCount);
    }

    void checkInvariants(int transit) {
        require(freeRuns.count() == freePages && idleRuns.count() == idlePages, "I1: totals", freePages);
        int warmSeen = Bitmap.count(warm, 0, pageCount);
        BitSet cold = Bitmap.copy(used, pageCount);
        cold.andNot(Bitmap.copy(warm, pageCount));
        lost.removeFrom(cold);
        int usedCold = cold.cardinality();
        require(warmSeen == warmPages, "I1: warm pages", warmSeen);
        require(usedCold <= transit, "I2: used but cold pages", usedCold);
        freeRuns.checkInvariants();
        idleRuns.checkInvariants();
        aging.checkInvariants();
    }

    private int idleRun(int page, int max, int tick, int minTicks) {
        int n = 0;
        while (n < max && isIdle(page + n) && isOld(page + n, tick, minTicks)) {
            n++;
        }
        return n;
    }

    private boolean isOldFrame(int page, int n, int tick, int minTicks) {
        if (!isFree(page, n) || coldIn(page, n) == n) {
            return false;
        }
        for (int i = page; i < page + n; i++) {
            if (isIdle(i) && !isOld(i, tick, minTicks)) {
                return false;
            }
        }
        return true;
    }

    private boolean isIdle(int page) {
        return (idleRuns.bits(page / Long.SIZE) >>> page & 1) != 0;
    }

    private boolean isOld(int page, int tick, int minTicks) {
        return minTicks == 0 || age(page, tick) >= minTicks;
    }

    private int age(int page, int tick) {
        return (tick - OffHeap.getByte(stamps + page)) & 0xFF;
    }

    private void mark(int page, int n, boolean nowWarm) {
        boolean hadIdle = markWords(page, n, nowWarm) > 0;
        refresh(page, n, hadIdle);
    }

    /// {@return number of pages that were idle}
    private int markWords(int page, int n, boolean nowWarm) {
        int idle = 0;
        for (int at = page; at < page + n; at = nextWord(at)) {
            long mask = mask(at, page + n);
            long usedWord = used + wordOffset(at);
            long warmWord = warm + wordOffset(at);
            long wasWarm = OffHeap.getLong(warmWord);
            OffHeap.putLong(usedWord, OffHeap.getLong(usedWord) | mask);
            int idleHere = Long.bitCount(wasWarm & mask);
            idle += idleHere;
            if (nowWarm) {
                OffHeap.putLong(warmWord, wasWarm | mask);
                warmPages += Long.bitCount(mask) - idleHere;
            }
        }
        idlePages -= idle;
        freePages -= n;
        return idle;
    }

    /// {@return number of pages that are idle now}
    private int clearWords(int page, int n, boolean nowCold) {
        int idle = 0;
        for (int at = page; at < page + n; at = nextWord(at)) {
            long mask = mask(at, page + n);
            long usedWord = used + wordOffset(at);
            long warmWord = warm + wordOffset(at);
            long wasWarm = OffHeap.getLong(warmWord);
            OffHeap.putLong(usedWord, OffHeap.getLong(usedWord) & ~mask);
            int warmHere = Long.bitCount(wasWarm & mask);
            if (nowCold) {
                OffHeap.putLong(warmWord, wasWarm & ~mask);
                warmPages -= warmHere;
            } else {
                idle += warmHere;
            }
        }
        idlePages += idle;
        freePages += n;
        return idle;
    }

    /// Updates the trees from the bitmaps in the pageblocks of `n` pages from `page` on.
    private void refresh(int page, int n, boolean idleToo) {
        freeRuns.refresh(page, n);
        if (idleToo) {
            idleRuns.refresh(page, n);
        }
    }

    private static void require(boolean holds, String what, int where) {
        if (!holds) {
            throw new AssertionError(what + " " + where);
        }
    }

    @Override
    public String toString() {
        return format(
                "FreeMap(pages=%d, free=%d, idle=%d, warm=%d, %s)", pageCount, freePages, idlePages, warmPages, aging);
    }
}
