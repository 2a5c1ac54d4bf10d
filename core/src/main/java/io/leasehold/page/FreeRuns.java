package io.leasehold.page;

import static io.leasehold.page.BitmapLayout.BLOCK_PAGES;
import static io.leasehold.page.BitmapLayout.BLOCK_POWER;
import static io.leasehold.page.BitmapLayout.BYTES_PER_WORD;
import static io.leasehold.page.BitmapLayout.WORDS_PER_BLOCK;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.OffHeap;

/// Finds the lowest run of free pages, or of idle pages, that is long enough.
///
/// ```text
///   RunTree     the block in which a run begins, or the page where it begins if it crosses blocks
///   bitmaps     the page where it begins within that block
/// ```
///
/// **Threads.** Guarded by `FramePool.lock`.
///
/// **Invariants.** I1: after [#refresh] of a block, its leaf in the tree agrees with its bits.
final class FreeRuns {

    static final int NONE = -1;

    private final int pageCount; // (C)
    private final int blocks; // (C)
    private final long used; // (C) address of the bitmap
    private final long warm; // (C) address of the bitmap
    private final boolean idleOnly; // (C) pages that are free and warm, else all that are free
    private final RunTree tree; // (L)

    /// @param treeNodes zeroed memory of [RunTree#byteSize]
    /// @param idleOnly true for idle pages, false for all free pages
    FreeRuns(int pageCount, long usedBits, long warmBits, long treeNodes, boolean idleOnly) {
        this.pageCount = pageCount;
        this.blocks = BitmapLayout.blocks(pageCount);
        this.used = usedBits;
        this.warm = warmBits;
        this.idleOnly = idleOnly;
        this.tree = new RunTree(treeNodes, blocks, !idleOnly);
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
        int block = page >>> BLOCK_POWER;
        int carry = 0;
        if ((page & (BLOCK_PAGES - 1)) != 0) {
            int found = findInside(block, page, n);
            if (found >= 0) {
                return found;
            }
            carry = Math.min(suffix(block), ((block + 1) << BLOCK_POWER) - page);
            block++;
        }
        if (block == blocks) {
            return NONE;
        }
        int found = tree.find(block, carry, n);
        if (found >= RunTree.NONE) {
            return found;
        }
        int inside = RunTree.inside(found);
        return findInside(inside, inside << BLOCK_POWER, n);
    }

    /// {@return the lowest page from `page` on at which `n` adjacent pages begin that lie within `block`, or [#NONE]}
    private int findInside(int block, int page, int n) {
        int base = block << BLOCK_POWER;
        int start = page;
        int run = 0;
        for (int word = (page - base) >>> 6; word < WORDS_PER_BLOCK; word++) {
            long bits = bits(block * WORDS_PER_BLOCK + word);
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

    /// Updates the tree from the bitmaps in the blocks of `n` pages from `page` on.
    void refresh(int page, int n) {
        for (int block = page >>> BLOCK_POWER; block <= (page + n - 1) >>> BLOCK_POWER; block++) {
            tree.update(block, prefix(block), suffix(block), longest(block));
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
        for (int word = 0; word < blocks * WORDS_PER_BLOCK; word++) {
            count += Long.bitCount(bits(word));
        }
        return count;
    }

    private int prefix(int block) {
        int length = 0;
        for (int word = 0; word < WORDS_PER_BLOCK; word++) {
            int ones = Long.numberOfTrailingZeros(~bits(block * WORDS_PER_BLOCK + word));
            length += ones;
            if (ones < Long.SIZE) {
                break;
            }
        }
        return length;
    }

    private int suffix(int block) {
        int length = 0;
        for (int word = WORDS_PER_BLOCK - 1; word >= 0; word--) {
            int ones = Long.numberOfLeadingZeros(~bits(block * WORDS_PER_BLOCK + word));
            length += ones;
            if (ones < Long.SIZE) {
                break;
            }
        }
        return length;
    }

    private int longest(int block) {
        int longest = 0;
        int run = 0; // length of the run that ends at the end of the word before
        for (int word = 0; word < WORDS_PER_BLOCK; word++) {
            long bits = bits(block * WORDS_PER_BLOCK + word);
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
        for (int block = 0; block < blocks; block++) {
            tree.check(block, prefix(block), suffix(block), longest(block));
        }
    }

    @Override
    public String toString() {
        return "FreeRuns(" + (idleOnly ? "idle, " : "free, ") + tree + ")";
    }
}
