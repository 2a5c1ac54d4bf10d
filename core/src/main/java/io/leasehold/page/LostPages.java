package io.leasehold.page;

import java.util.BitSet;

/// The pages of an arena that are never allocated, since a previous owner of the addresses may still write to them. All
/// other pages are usable.
///
/// ```text
///   page   from                                   end
///           |....xx......xxxx.........xx.........|        usablePages(from, end) = number of dots
///           |....xx......xxxx..|                          endOfUsable(from, 12)
/// ```
///
/// **Threads.** Does not change while the arena is open.
final class LostPages {

    private final BitSet lost; // (C)
    private final int pageCount; // (C)
    private final int usablePages; // (C)

    /// @param pageCount number of all pages
    LostPages(BitSet lost, int pageCount) {
        this.lost = lost;
        this.pageCount = pageCount;
        this.usablePages = pageCount - lost.cardinality();
    }

    /// {@return true if a page is never allocated}
    boolean contains(int page) {
        return lost.get(page);
    }

    /// {@return the number of usable pages}
    int usablePages() {
        return usablePages;
    }

    /// {@return the number of usable pages from `from` to `end`}
    int usablePages(int from, int end) {
        int usable = end - from;
        int page = lost.nextSetBit(from);
        while (page >= 0 && page < end) {
            int next = Math.min(end, lost.nextClearBit(page));
            usable -= next - page;
            page = lost.nextSetBit(next);
        }
        return usable;
    }

    /// {@return the end of the range from `from` on that has `count` usable pages, at most the number of all pages}
    int endOfUsable(int from, int count) {
        int page = lost.nextClearBit(from);
        for (int left = count; left > 0 && page < pageCount; ) {
            int next = lost.nextSetBit(page);
            int clean = Math.min(left, (next < 0 ? pageCount : next) - page);
            left -= clean;
            page = left > 0 && next >= 0 ? lost.nextClearBit(next) : page + clean;
        }
        return Math.min(page, pageCount);
    }

    /// Removes the lost pages from a set.
    void removeFrom(BitSet pages) {
        pages.andNot(lost);
    }

    @Override
    public String toString() {
        return "LostPages(" + (pageCount - usablePages) + " of " + pageCount + ")";
    }
}
