package io.leasehold.jumbo;

/// The bits of a handle and of the word of a page.
///
/// ```text
///   handle   63 62               35 34     28 27                          0
///           0 |    generation     |   tag   |            page            |     never negative
///
///   word    63 62               35 34     28 27     20 19       4   3   2  0
///           0 |    generation     |   tag   |    0    |   holds   | once | state |     one compare-and-set
///
///   page    | slab | index in the slab |     slab: index in the arena, in units of the slab size
/// ```
///
/// Both begin with the generation and the tag of the pool, so each follows from the other without a look-up. Tags
/// repeat after [#MAX_TAG] pools. A handle of a pool with another tag never equals a handle of this pool. The
/// generation grows with each allocation of the page, and wraps after 2^28 generations. `once` says that the page was
/// flipped in this generation and given back. The next generation is spent then, and the page cannot be flipped again
/// before it is free.
///
/// A page that is freed gets the word of its next generation at once, with the state LEASED. No thread has the handle
/// of that generation until the page is allocated. So an allocation does not write to the page, and the cache line of
/// the word stays with the thread that frees.
final class JumboLayout {

    static final int PAGE_BITS = 28;
    static final int MAX_PAGES = 1 << PAGE_BITS;
    static final int MAX_TAG = 127;
    static final int MAX_HOLDS = 0xFFFF;

    static final long LEASED = JumboState.LEASED.ordinal();
    static final long ARMED = JumboState.ARMED.ordinal();
    static final long FLIPPED = JumboState.FLIPPED.ordinal();
    static final long STOLEN = JumboState.STOLEN.ordinal();
    static final long DEFERRED_FREE = JumboState.DEFERRED_FREE.ordinal();
    static final long INACTIVE = JumboState.INACTIVE.ordinal();

    static final long ONCE_FLIPPED = 1L << 3;
    static final long ONE_HOLD = 1L << 4;
    static final long ONE_GENERATION = 1L << 35;

    private static final long GENERATION_AND_TAG_MASK = -MAX_PAGES;
    private static final long STATE_MASK = 7;
    private static final int HOLD_SHIFT = 4;
    private static final int TAG_SHIFT = PAGE_BITS;
    private static final int GENERATION_SHIFT = 35;
    private static final JumboState[] STATES = JumboState.values();

    private JumboLayout() {}

    /// {@return the generation and tag bits of a word or handle}
    static long generationAndTag(int tag, long generation) {
        return generation << GENERATION_SHIFT | (long) tag << TAG_SHIFT;
    }

    /// {@return the generation and tag bits of a handle or word}
    static long generationAndTag(long handleOrWord) {
        return handleOrWord & GENERATION_AND_TAG_MASK;
    }

    /// {@return a handle or word with the generation moved by `generations`, which may be negative} The generation
    /// wraps.
    static long after(long handleOrWord, int generations) {
        return handleOrWord + generations * ONE_GENERATION & Long.MAX_VALUE;
    }

    /// {@return the handle of a page for the generation of a word}
    static long handle(long word, int page) {
        return generationAndTag(word) | page;
    }

    static int tag(long handle) {
        return (int) (handle >>> TAG_SHIFT) & MAX_TAG;
    }

    static int page(long handle) {
        return (int) handle & (MAX_PAGES - 1);
    }

    /// {@return the word of a page that is leased in the generation of a handle, without holds}
    static long leasedWord(long handle) {
        return generationAndTag(handle) | LEASED;
    }

    static JumboState state(long word) {
        return STATES[(int) (word & STATE_MASK)];
    }

    static boolean is(long word, long state) {
        return (word & STATE_MASK) == state;
    }

    static boolean isOnceFlipped(long word) {
        return (word & ONCE_FLIPPED) != 0;
    }

    static int holds(long word) {
        return (int) (word >>> HOLD_SHIFT) & MAX_HOLDS;
    }

    static long generation(long handleOrWord) {
        return handleOrWord >>> GENERATION_SHIFT;
    }

    static boolean isSameGeneration(long word, long handle) {
        return generationAndTag(word ^ handle) == 0;
    }

    /// {@return the number of generations that a word is ahead of a handle of its pool; negative if the handle is
    /// ahead}
    static int age(long word, long handle) {
        return (int) ((generationAndTag(word) - generationAndTag(handle)) << 1 >> (GENERATION_SHIFT + 1));
    }

    /// {@return the word of a page after it was freed}
    static long freed(long word) {
        return after(generationAndTag(word), isOnceFlipped(word) ? 2 : 1) | LEASED;
    }
}
