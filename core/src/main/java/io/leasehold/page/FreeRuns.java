package io.leasehold.page;

import static io.leasehold.page.BitmapLayout.BYTES_PER_WORD;
import static io.leasehold.page.BitmapLayout.PAGEBLOCK_PAGES;
import static io.leasehold.page.BitmapLayout.PAGEBLOCK_POWER;
import static io.leasehold.page.BitmapLayout.WORDS_PER_PAGEBLOCK;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.OffHeap;

/// Finds the lowest run of free pages, or of idle pages, that is long enough.
///
/// ```text
///   RunTree     the pageblock in which a run begins, or the page where it begins if it crosses pageblocks
///   bitmaps     the page where it begins within that pageblock
/// ```
///
/// **Threads.** Guarded by `FramePool.lock`.
///
/// **Invariants.** I1: after [#refresh] of a pageblock, its leaf in the tree agrees with its bits.
final class FreeRuns {

    static final int NONE = -1;

    private final int pageCount; // (C)
    private final int pageblocks; // (C)
    private final long used; // (C) address of the bitmap
    private final long warm; // (C) address of the bitmap
    private final boolean idleOnly; // (C) pages that are free and warm, else all that are free
    private final RunTree tree; // (L)

    /// @param treeNodes zeroed memory of [RunTree#byteSize]
    /// @param idleOnly true for idle pages, false for all free pages
    FreeRuns(int pageCount, long usedBits, long warmBits, long treeNodes, boolean idleOnly) {
        this.pageCount = pageCount;
        this.pageblocks = BitmapLayout.pageblocks(pageCount);
        this.used = usedBits;
        this.warm = warmBits;
        this.idleOnly = idleOnly;
        this.tree = new RunTree(treeNodes, pageblocks, !idleOnly);
    }

    /// {@return the length of the longest run}
    int longest() {
        return tree.longest();
    }

    /// Finds the lowest run of `n` pages that starts at a multiple of `align`.
    ///
    /// @return the first page of the run, or [#NONE]
    int find(int n, int align) {
        int page = findFrom(0, n);
        while (page >= 0 && align > 1) {
            long aligned = Alignment.up(page, align);
            if (aligned == page) {
                break;
            }
            if (aligned > pageCount - n) {
                return NONE;
            }
            page = findFrom((int) aligned, n);
        }
        return page;
    }

    /// {@return the lowest page from `page` on at which `n` adjacent pages begin, or [#NONE]}
    int findFrom(int page, int n) {
        int pageblock = page >>> PAGEBLOCK_POWER;
        int carry = 0;
        if ((page & (PAGEBLOCK_PAGES - 1)) != 0) {
            int found = findInside(pageblock, page, n);
            if (found >= 0) {
                return found;
            }
            carry = Math.min(suffix(pageblock), ((pageblock + 1) << PAGEBLOCK_POWER) - page);
            pageblock++;
        }
        if (pageblock == pageblocks) {
            return NONE;
        }
        int found = tree.find(pageblock, carry, n);
        if (found >= RunTree.NONE) {
            return found;
        }
        int inside = RunTree.inside(found);
        return findInside(inside, inside << PAGEBLOCK_POWER, n);
    }

    /// {@return the lowest page from `page` on at which `n` adjacent pages begin that lie within `pageblock`, or
    /// [#NONE]}
    private int findInside(int pageblock, int page, int n) {
        int base = pageblock << PAGEBLOCK_POWER;
        int start = page;
        int run = 0;
        for (int word = (page - base) >>> 6; word < WORDS_PER_PAGEBLOCK; word++) {
            long bits = bits(pageblock * WORDS_PER_PAGEBLOCK + word);
            int at = base + word * Long.SIZE;
            int bit = Math.max(0, page - at);
            while (bit < Long.SIZE) {
                long rest = bits >>> bit;
                if ((rest & 1) == 0) {
                    run = 0;
                    bit += rest == 0 ? Long.SIZE : Long.numberOfTrailingZeros(rest);
                } else {
                    int ones = Long.numberOfTrailingZeros(~rest);
                    start = run == 0 ? at + bit : start;
                    run += ones;
                    if (run >= n) {
                        return start;
                    }
                    bit += ones;
                }
            }
        }
        return NONE;
    }

    /// Updates the tree from the bitmaps in the pageblocks of `n` pages from `page` on.
    void refresh(int page, int n) {
        for (int pageblock = page >>> PAGEBLOCK_POWER; pageblock <= (page + n - 1) >>> PAGEBLOCK_POWER; pageblock++) {
            tree.update(pageblock, prefix(pageblock), suffix(pageblock), longest(pageblock));
        }
    }

    /// {@return one bit for each page of a word of the bitmaps: 1 if the page is free, or idle if only idle pages
    /// count}
    long bits(int word) {
        long free = ~OffHeap.getLong(used + (long) word * BYTES_PER_WORD);
        return idleOnly ? free & OffHeap.getLong(warm + (long) word * BYTES_PER_WORD) : free;
    }

    /// {@return number of free or idle pages, counted in the bitmaps}
    int count() {
        int count = 0;
        for (int word = 0; word < pageblocks * WORDS_PER_PAGEBLOCK; word++) {
            count += Long.bitCount(bits(word));
        }
        return count;
    }

    private int prefix(int pageblock) {
        int length = 0;
        for (int word = 0; word < WORDS_PER_PAGEBLOCK; word++) {
            int ones = Long.numberOfTrailingZeros(~bits(pageblock * WORDS_PER_PAGEBLOCK + word));
            length += ones;
            if (ones < Long.SIZE) {
                break;
            }
        }
        return length;
    }

    private int suffix(int pageblock) {
        int length = 0;
        for (int word = WORDS_PER_PAGEBLOCK - 1; word >= 0; word--) {
            int ones = Long.numberOfLeadingZeros(~bits(pageblock * WORDS_PER_PAGEBLOCK + word));
            length += ones;
            if (ones < Long.SIZE) {
                break;
            }
        }
        return length;
    }

    private int longest(int pageblock) {
        int longest = 0;
        int run = 0; // length of the run that ends at the end of the word before
        for (int word = 0; word < WORDS_PER_PAGEBLOCK; word++) {
            long bits = bits(pageblock * WORDS_PER_PAGEBLOCK + word);
            if (bits == -1) {
                run += Long.SIZE;
                continue;
            }
            longest = Math.max(longest, run + Long.numberOfTrailingZeros(~bits));
            longest = longestWithin(bits, longest);
            run = Long.numberOfLeadingZeros(~bits);
        }
        return Math.max(longest, run);
    }

    /// {@return the length of the longest run within a word, or `least` if no run is longer}
    private static int longestWithin(long bits, int least) {
        if (Long.bitCount(bits) <= least) {
            return least;
        }
        int length = 0;
        for (long rest = bits; rest != 0; rest &= rest << 1) {
            length++;
        }
        return Math.max(length, least);
    }

    void checkInvariants() {
        for (int pageblock = 0; pageblock < pageblocks; pageblock++) {
            tree.check(pageblock, prefix(pageblock), suffix(pageblock), longest(pageblock));
        }
    }

    @Override
    public String toString() {
        return "FreeRuns(" + (idleOnly ? "idle, " : "free, ") + tree + ")";
    }
}
