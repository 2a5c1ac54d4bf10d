package io.leasehold.page;

import static io.leasehold.page.BitmapLayout.BLOCK_PAGES;
import static io.leasehold.page.BitmapLayout.BLOCK_POWER;
import static io.leasehold.page.BitmapLayout.BYTES_PER_WORD;
import static io.leasehold.page.BitmapLayout.WORDS_PER_BLOCK;
import static io.leasehold.page.BitmapLayout.blocks;
import static io.leasehold.page.BitmapLayout.mask;
import static io.leasehold.page.BitmapLayout.nextWord;
import static io.leasehold.page.BitmapLayout.wordOffset;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.OffHeap;
import java.util.Arrays;

/// Which pages are free, and which of the free ones still hold memory: two bitmaps and a few numbers a block.
///
/// ```text
///   page      0        512       1024                        a block is 512 pages, eight words of each bitmap
///   used      11101000 00000000  ...                         1: carved (allocated or in a magazine)
///   warm      11111010 00000000  ...                         1: may hold memory, so it is charged to the budget
///   free = !used     idle = !used && warm     cold = !warm
/// ```
///
/// A search goes over the blocks' counts and touches words only where a block is partly free and its longest run is
/// not known to be too short. Neighbours coalesce by themselves, since a run is nothing but adjacent zero bits.
///
/// **Threads.** Guarded by the lock of [FrameAllocator].
///
/// **Invariants.** I1: `freePages` and `idlePages` are the sums over the blocks and the population of the bitmaps.
/// I2: a used page is warm, unless it is being decommitted with its frame. I3: `longestX[b]` is at least the longest
/// run inside block b.
final class FreeMap {

    static final int NONE = -1;

    private final int pageCount; // (C)
    private final long used; // (C) address of the bitmap
    private final long warm; // (C) address of the bitmap
    private final long stamps; // (C) address of one byte a page: the tick of its last free
    private final int[] freeIn; // (L)
    private final int[] idleIn; // (L)
    private final int[] longestFree; // (L) upper bound
    private final int[] longestIdle; // (L) upper bound
    private int freePages; // (L)
    private int idlePages; // (L)
    private int warmPages; // (L)
    private int firstFree; // (L) no block below has a free page
    private int firstIdle; // (L) no block below has an idle page
    private int topBlock; // (L) no block from here on was ever used

    FreeMap(int pageCount, long usedBits, long warmBits, long stamps) {
        this.pageCount = pageCount;
        this.used = usedBits;
        this.warm = warmBits;
        this.stamps = stamps;
        int blocks = blocks(pageCount);
        freeIn = new int[blocks];
        idleIn = new int[blocks];
        longestFree = new int[blocks];
        longestIdle = new int[blocks];
        Arrays.fill(freeIn, BLOCK_PAGES);
        Arrays.fill(longestFree, BLOCK_PAGES);
        Arrays.fill(longestIdle, BLOCK_PAGES);
        freePages = blocks * BLOCK_PAGES;
        int beyond = blocks * BLOCK_PAGES - pageCount;
        if (beyond > 0) {
            // pages past the end count as used for ever; their warm bits stay clear, since they never hold memory
            mark(pageCount, beyond, false);
            topBlock = 0;
        }
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

    /// First fit: the lowest `n` adjacent pages that are free (or idle, if `idleOnly`), starting at a multiple of
    /// `align`.
    ///
    /// @return the first page, or [#NONE]
    int find(int n, int align, boolean idleOnly) {
        int[] count = idleOnly ? idleIn : freeIn;
        int[] longest = idleOnly ? longestIdle : longestFree;
        if ((idleOnly ? idlePages : freePages) < n) {
            return NONE;
        }
        int limit = idleOnly ? topBlock : count.length;
        int start = 0;
        int run = 0;
        for (int block = firstOf(count, limit, idleOnly); block < limit; block++) {
            int base = block << BLOCK_POWER;
            if (count[block] == 0) {
                run = 0;
                continue;
            }
            if (count[block] == BLOCK_PAGES || longest[block] < n) {
                int prefix = count[block] == BLOCK_PAGES ? BLOCK_PAGES : prefix(block, idleOnly);
                start = run == 0 ? base : start;
                if (fits(start, run + prefix, n, align)) {
                    return Math.toIntExact(Alignment.up(start, align));
                }
                run = prefix == BLOCK_PAGES ? run + prefix : suffix(block, idleOnly);
                start = prefix == BLOCK_PAGES ? start : base + BLOCK_PAGES - run;
                continue;
            }
            int longestSeen = 0;
            int inBlock = 0;
            for (int word = 0; word < WORDS_PER_BLOCK; word++) {
                long bits = available(block * WORDS_PER_BLOCK + word, idleOnly);
                for (int bit = 0; bit < Long.SIZE; ) {
                    long rest = bits >>> bit;
                    if ((rest & 1) == 0) {
                        run = 0;
                        inBlock = 0;
                        bit += rest == 0 ? Long.SIZE - bit : Long.numberOfTrailingZeros(rest);
                        continue;
                    }
                    int ones = Long.numberOfTrailingZeros(~rest);
                    start = run == 0 ? base + word * Long.SIZE + bit : start;
                    run += ones;
                    inBlock += ones;
                    longestSeen = Math.max(longestSeen, inBlock);
                    if (fits(start, run, n, align)) {
                        return Math.toIntExact(Alignment.up(start, align));
                    }
                    bit += ones;
                }
            }
            longest[block] = longestSeen;
        }
        return NONE;
    }

    /// Takes up to `max` single idle pages and writes them to `out`.
    ///
    /// @return how many
    int takeIdleSingles(int[] out, int max) {
        int taken = 0;
        for (int block = firstOf(idleIn, topBlock, true); block < topBlock && taken < max; block++) {
            for (int word = 0; word < WORDS_PER_BLOCK && idleIn[block] > 0 && taken < max; word++) {
                long bits = available(block * WORDS_PER_BLOCK + word, true);
                for (; bits != 0 && taken < max; bits &= bits - 1) {
                    int page = (block << BLOCK_POWER) + word * Long.SIZE + Long.numberOfTrailingZeros(bits);
                    out[taken++] = page;
                    mark(page, 1, true);
                }
            }
        }
        return taken;
    }

    /// {@return how many of `n` pages from `page` on hold no memory}
    int coldIn(int page, int n) {
        int cold = 0;
        for (int at = page; at < page + n; at = nextWord(at)) {
            long mask = mask(at, page + n);
            cold += Long.bitCount(~OffHeap.getLong(warm + wordOffset(at)) & mask);
        }
        return cold;
    }

    /// {@return whether `n` pages from `page` on exist and are all free}
    boolean isFree(int page, int n) {
        if (n > pageCount - page) {
            return false;
        }
        for (int at = page; at < page + n; at = nextWord(at)) {
            if ((OffHeap.getLong(used + wordOffset(at)) & mask(at, page + n)) != 0) {
                return false;
            }
        }
        return true;
    }

    /// Takes `n` free pages; they count as warm from now on.
    void take(int page, int n) {
        mark(page, n, true);
    }

    /// Gives `n` pages back that may hold memory, freed at `tick`; those that were taken cold for a decommit stay cold.
    void giveIdle(int page, int n, int tick) {
        clear(page, n, false);
        OffHeap.fill(stamps + page, n, (byte) tick);
    }

    /// Gives `n` pages back that hold no memory.
    void giveCold(int page, int n) {
        clear(page, n, true);
    }

    /// Takes idle pages that were freed at least `minAge` ticks before `tick` and puts them into `batch` as runs, from
    /// where the batch wants them, until it is full.
    ///
    /// @param framePages 1, or how many pages make a frame that may only be taken whole
    void takeIdle(DecommitBatch batch, int tick, int minAge, int framePages) {
        int first = Math.max(firstOf(idleIn, topBlock, true), batch.from() >>> BLOCK_POWER);
        for (int block = first; block < topBlock && !batch.isFull(); block++) {
            if (idleIn[block] == 0) {
                continue;
            }
            int end = Math.min((block + 1) << BLOCK_POWER, pageCount);
            int page = Math.max(block << BLOCK_POWER, batch.from());
            while (page < end && !batch.isFull()) {
                int n = framePages > 1 ? framePages : idleRun(page, Math.min(end - page, batch.room()), tick, minAge);
                boolean whole = framePages == 1 ? n > 0 : isOldFrame(page, n, tick, minAge);
                if (whole) {
                    batch.add(page, n, n - coldIn(page, n));
                    mark(page, n, false);
                }
                page += Math.max(n, 1);
            }
        }
    }

    /// {@return how many pages from `page` on are used}
    int usedPages(int page) {
        int used = 0;
        for (int i = page; i < pageCount; i++) {
            used += isFree(i, 1) ? 0 : 1;
        }
        return used;
    }

    void checkInvariants(int transit) {
        int free = 0;
        int idle = 0;
        int warmSeen = 0;
        int usedCold = 0;
        for (int block = 0; block < freeIn.length; block++) {
            int freeHere = 0;
            int idleHere = 0;
            for (int word = block * WORDS_PER_BLOCK; word < (block + 1) * WORDS_PER_BLOCK; word++) {
                freeHere += Long.bitCount(available(word, false));
                idleHere += Long.bitCount(available(word, true));
            }
            require(freeHere == freeIn[block] && idleHere == idleIn[block], "I1: counts of block", block);
            require(block >= firstFree || freeHere == 0, "I1: first free block is above", block);
            require(block >= firstIdle || idleHere == 0, "I1: first idle block is above", block);
            require(block < topBlock || idleHere == 0, "I1: top block is below", block);
            free += freeHere;
            idle += idleHere;
        }
        require(free == freePages && idle == idlePages, "I1: totals", free);
        for (int page = 0; page < pageCount; page += Long.SIZE) {
            long usedBits = OffHeap.getLong(used + wordOffset(page)) & mask(page, pageCount);
            long warmBits = OffHeap.getLong(warm + wordOffset(page));
            usedCold += Long.bitCount(usedBits & ~warmBits);
            warmSeen += Long.bitCount(warmBits);
        }
        require(warmSeen == warmPages, "I1: warm pages", warmSeen);
        require(usedCold <= transit, "I2: used but cold pages", usedCold);
    }

    private int idleRun(int page, int max, int tick, int minAge) {
        int n = 0;
        while (n < max && isIdle(page + n) && isOld(page + n, tick, minAge)) {
            n++;
        }
        return n;
    }

    private boolean isOldFrame(int page, int n, int tick, int minAge) {
        if (!isFree(page, n) || coldIn(page, n) == n) {
            return false;
        }
        for (int i = page; i < page + n; i++) {
            if (isIdle(i) && !isOld(i, tick, minAge)) {
                return false;
            }
        }
        return true;
    }

    private boolean isIdle(int page) {
        return (available(page / Long.SIZE, true) >>> page & 1) != 0;
    }

    private boolean isOld(int page, int tick, int minAge) {
        return minAge == 0 || ((tick - OffHeap.getByte(stamps + page)) & 0xFF) >= minAge;
    }

    private void mark(int page, int n, boolean nowWarm) {
        for (int at = page; at < page + n; at = nextWord(at)) {
            long mask = mask(at, page + n);
            long usedWord = used + wordOffset(at);
            long warmWord = warm + wordOffset(at);
            long wasWarm = OffHeap.getLong(warmWord);
            OffHeap.putLong(usedWord, OffHeap.getLong(usedWord) | mask);
            int block = at >>> BLOCK_POWER;
            int idle = Long.bitCount(wasWarm & mask);
            freeIn[block] -= Long.bitCount(mask);
            idleIn[block] -= idle;
            idlePages -= idle;
            if (nowWarm) {
                OffHeap.putLong(warmWord, wasWarm | mask);
                warmPages += Long.bitCount(mask) - idle;
            }
        }
        freePages -= n;
        topBlock = Math.max(topBlock, ((page + n - 1) >>> BLOCK_POWER) + 1);
    }

    private void clear(int page, int n, boolean nowCold) {
        for (int at = page; at < page + n; at = nextWord(at)) {
            long mask = mask(at, page + n);
            long usedWord = used + wordOffset(at);
            OffHeap.putLong(usedWord, OffHeap.getLong(usedWord) & ~mask);
            int block = at >>> BLOCK_POWER;
            freeIn[block] += Long.bitCount(mask);
            longestFree[block] = BLOCK_PAGES;
            long warmWord = warm + wordOffset(at);
            long wasWarm = OffHeap.getLong(warmWord);
            int idle = Long.bitCount(wasWarm & mask);
            if (nowCold) {
                OffHeap.putLong(warmWord, wasWarm & ~mask);
                warmPages -= idle;
            } else {
                idleIn[block] += idle;
                idlePages += idle;
                longestIdle[block] = BLOCK_PAGES;
                firstIdle = Math.min(firstIdle, block);
            }
        }
        freePages += n;
        firstFree = Math.min(firstFree, page >>> BLOCK_POWER);
    }

    private int firstOf(int[] count, int limit, boolean idleOnly) {
        int block = idleOnly ? firstIdle : firstFree;
        while (block < limit && count[block] == 0) {
            block++;
        }
        if (idleOnly) {
            firstIdle = block;
        } else {
            firstFree = block;
        }
        return block;
    }

    private long available(int word, boolean idleOnly) {
        long free = ~OffHeap.getLong(used + (long) word * BYTES_PER_WORD);
        return idleOnly ? free & OffHeap.getLong(warm + (long) word * BYTES_PER_WORD) : free;
    }

    private int prefix(int block, boolean idleOnly) {
        int length = 0;
        for (int word = 0; word < WORDS_PER_BLOCK; word++) {
            int ones = Long.numberOfTrailingZeros(~available(block * WORDS_PER_BLOCK + word, idleOnly));
            length += ones;
            if (ones < Long.SIZE) {
                break;
            }
        }
        return length;
    }

    private int suffix(int block, boolean idleOnly) {
        int length = 0;
        for (int word = WORDS_PER_BLOCK - 1; word >= 0; word--) {
            int ones = Long.numberOfLeadingZeros(~available(block * WORDS_PER_BLOCK + word, idleOnly));
            length += ones;
            if (ones < Long.SIZE) {
                break;
            }
        }
        return length;
    }

    private static boolean fits(int start, int run, int n, int align) {
        return run - (-start & (align - 1)) >= n;
    }

    private static void require(boolean holds, String what, int where) {
        if (!holds) {
            throw new AssertionError(what + " " + where);
        }
    }
}
