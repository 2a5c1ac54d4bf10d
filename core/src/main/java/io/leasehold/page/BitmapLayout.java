package io.leasehold.page;

/// The layout of a bitmap with one bit for each page: words of 64 pages, pageblocks of eight words.
///
/// ```text
///   page       0 .. 63   64 .. 127   ...  448 .. 511 | 512 ...
///   word          0          1                 7     |    8
///   pageblock                  0                     |    1
/// ```
final class BitmapLayout {

    static final int PAGEBLOCK_POWER = 9;
    static final int PAGEBLOCK_PAGES = 1 << PAGEBLOCK_POWER;
    static final int WORDS_PER_PAGEBLOCK = PAGEBLOCK_PAGES / Long.SIZE;
    static final int BYTES_PER_WORD = Long.BYTES;

    private BitmapLayout() {}

    /// {@return number of pageblocks for `pageCount` pages; the last one may be partly used}
    static int pageblocks(int pageCount) {
        return (pageCount + PAGEBLOCK_PAGES - 1) >>> PAGEBLOCK_POWER;
    }

    /// {@return number of bytes of a bitmap for `pageCount` pages, in whole pageblocks}
    static long byteSize(int pageCount) {
        return (long) pageblocks(pageCount) * WORDS_PER_PAGEBLOCK * BYTES_PER_WORD;
    }

    /// {@return the first page of the word after the one of `page`}
    static int nextWord(int page) {
        return (page | (Long.SIZE - 1)) + 1;
    }

    /// {@return the offset in bytes of the word of `page`}
    static long wordOffset(int page) {
        return (long) (page / Long.SIZE) * BYTES_PER_WORD;
    }

    /// {@return a mask of the bits in the word of `page`, from `page` up to, but not including, `end`}
    static long mask(int page, int end) {
        int upTo = Math.min(nextWord(page), end);
        return (-1L >>> (Long.SIZE - (upTo - page))) << page;
    }
}
