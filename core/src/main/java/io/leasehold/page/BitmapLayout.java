package io.leasehold.page;

/// How one bit a page is laid out in memory: words of 64 pages, blocks of eight words.
///
/// ```text
///   page     0 .. 63   64 .. 127   ...  448 .. 511 | 512 ...
///   word        0          1                 7     |    8
///   block                  0                       |    1
/// ```
final class BitmapLayout {

    static final int BLOCK_POWER = 9;
    static final int BLOCK_PAGES = 1 << BLOCK_POWER;
    static final int WORDS_PER_BLOCK = BLOCK_PAGES / Long.SIZE;
    static final int BYTES_PER_WORD = Long.BYTES;

    private BitmapLayout() {}

    /// {@return the blocks that `pageCount` pages need, the last one perhaps not full}
    static int blocks(int pageCount) {
        return (pageCount + BLOCK_PAGES - 1) >>> BLOCK_POWER;
    }

    /// {@return the bytes of a bitmap for `pageCount` pages, whole blocks}
    static long byteSize(int pageCount) {
        return (long) blocks(pageCount) * WORDS_PER_BLOCK * BYTES_PER_WORD;
    }

    /// {@return the first page of the word after the one that `page` is in}
    static int nextWord(int page) {
        return (page | (Long.SIZE - 1)) + 1;
    }

    /// {@return where the word of `page` lies, in bytes}
    static long wordOffset(int page) {
        return (long) (page / Long.SIZE) * BYTES_PER_WORD;
    }

    /// {@return the bits of the word of `page` from `page` up to, not including, `end`}
    static long mask(int page, int end) {
        int upTo = Math.min(nextWord(page), end);
        return (-1L >>> (Long.SIZE - (upTo - page))) << page;
    }
}
