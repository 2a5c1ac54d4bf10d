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
///   page    | slab | index in the slab |     slab: place in the arena, in units of the slab's size
/// ```
///
/// Both begin with the life that the handle is good for, so each follows from the other with no look-up. A handle of
/// another pool never equals one. The generation grows with each life of the page. `once` says that the page was
/// flipped in this life and given back, so that the next generation is spent and it cannot be flipped again before it
/// is free.
///
/// A page that is freed has the word of its next life at once, lent: nobody has the handle, until whoever keeps the
/// page hands it out. So lending writes nothing to the page, and the line of memory that its word is in stays with the
/// thread that frees.
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

    private static final long LIFE_MASK = -MAX_PAGES;
    private static final long STATE_MASK = 7;
    private static final int HOLD_SHIFT = 4;
    private static final int TAG_SHIFT = PAGE_BITS;
    private static final int GENERATION_SHIFT = 35;
    private static final JumboState[] STATES = JumboState.values();

    private JumboLayout() {}

    /// {@return a life}
    static long life(int tag, long generation) {
        return generation << GENERATION_SHIFT | (long) tag << TAG_SHIFT;
    }

    /// {@return the life of a handle or word}
    static long life(long handleOrWord) {
        return handleOrWord & LIFE_MASK;
    }

    /// {@return a handle or word so many lives on, or back} The generation wraps.
    static long after(long handleOrWord, int lives) {
        return handleOrWord + lives * ONE_GENERATION & Long.MAX_VALUE;
    }

    /// {@return the handle for the life of a word}
    static long handle(long word, int page) {
        return life(word) | page;
    }

    static int tag(long handle) {
        return (int) (handle >>> TAG_SHIFT) & MAX_TAG;
    }

    static int page(long handle) {
        return (int) handle & (MAX_PAGES - 1);
    }

    /// {@return the word of a page in the life that a handle is good for, lent to one holder}
    static long leasedWord(long handle) {
        return life(handle) | LEASED;
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

    static boolean isSameLife(long word, long handle) {
        return life(word ^ handle) == 0;
    }

    /// {@return how many lives a page is ahead of a handle of its pool; negative if the handle is of a life to come}
    static int age(long word, long handle) {
        return (int) ((life(word) - life(handle)) << 1 >> (GENERATION_SHIFT + 1));
    }

    /// {@return the word of the page when it is free next}
    static long freed(long word) {
        return after(life(word), isOnceFlipped(word) ? 2 : 1) | LEASED;
    }
}
