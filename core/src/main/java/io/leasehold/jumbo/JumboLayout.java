package io.leasehold.jumbo;

/// The bits of a token and of the word of a page.
///
/// ```text
///   token   63 62      56 55               28 27                 0
///           0 |   tag    |     generation    |       page          |     never negative
///
///   word    63               36 35      20 19         4   3   2   0
///           |    generation    |     0     |   holds   | once | state |     one word, one compare-and-set
///
///   page    | slab | index in the slab |     slab: place in the arena, in units of the slab's size
/// ```
///
/// The generation stands at the top of the word, so that adding to it wraps by itself; it grows with each life of the
/// page, so the word that a release expects is known from the token alone. `once` says that the page was flipped in
/// this life and given back, so that the next generation is spent and it cannot be flipped again before it is free.
final class JumboLayout {

    static final int PAGE_BITS = 28;
    static final int MAX_PAGES = 1 << PAGE_BITS;
    static final int MAX_TAG = 127;
    static final int MAX_HOLDS = 0xFFFF;

    static final long FREE = JumboState.FREE.ordinal();
    static final long LEASED = JumboState.LEASED.ordinal();
    static final long ARMED = JumboState.ARMED.ordinal();
    static final long FLIPPED = JumboState.FLIPPED.ordinal();
    static final long STOLEN = JumboState.STOLEN.ordinal();
    static final long HELD = JumboState.HELD.ordinal();
    static final long RETIRED = JumboState.RETIRED.ordinal();

    static final long ONCE_FLIPPED = 1L << 3;
    static final long ONE_HOLD = 1L << 4;
    static final long ONE_GENERATION = 1L << 36;
    static final long GENERATION_MASK = -ONE_GENERATION;

    private static final long STATE_MASK = 7;
    private static final int HOLD_SHIFT = 4;
    private static final int GENERATION_SHIFT = 36;
    private static final int TAG_SHIFT = 56;
    private static final int TOKEN_TO_WORD = 8;
    private static final JumboState[] STATES = JumboState.values();

    private JumboLayout() {}

    static long token(int tag, long word, int page) {
        return (long) tag << TAG_SHIFT | (word & GENERATION_MASK) >>> TOKEN_TO_WORD | page;
    }

    static int tag(long token) {
        return (int) (token >>> TAG_SHIFT);
    }

    static int page(long token) {
        return (int) token & (MAX_PAGES - 1);
    }

    /// {@return a word with the generation of a token, and nothing else}
    static long generationWord(long token) {
        return token << TOKEN_TO_WORD & GENERATION_MASK;
    }

    /// {@return the word of a page in the life that a token is good for, lent to one holder}
    static long leasedWord(long token) {
        return generationWord(token) | LEASED;
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

    static long generation(long word) {
        return word >>> GENERATION_SHIFT;
    }

    static boolean isSameLife(long word, long token) {
        return ((word ^ generationWord(token)) & GENERATION_MASK) == 0;
    }

    /// {@return how many lives a page is ahead of a token; negative if the token is of a life to come}
    static int age(long word, long token) {
        return (int) ((word - generationWord(token)) >> GENERATION_SHIFT);
    }

    /// {@return the word of the page when it is free next}
    static long freed(long word) {
        long lives = isOnceFlipped(word) ? 2 * ONE_GENERATION : ONE_GENERATION;
        return (word & GENERATION_MASK) + lives;
    }
}
