package io.leasehold.page;

/// The bits of a page handle and of a frame record.
///
/// ```text
///   handle   63      56 55                    28 27                      0
///            |   tag   |      generation        |        page index      |     never 0: tags start at 1
///
///   frame  +0  63                 36 35    32 31          16 15          0
///              |    generation      | state  |  wire count  |  hold count |    one word, one compare-and-set
///          +8  |  owner id   | owner index      |   run: pages of the allocation here  |    8 + 24 + 32 bits
/// ```
///
/// The generation stands at the top of the word, so adding to it wraps by itself. It grows with each free, so a handle
/// is good for one life of its page, and the word that a free expects is known from the handle alone.
final class FrameLayout {

    static final int INDEX_BITS = 28;
    static final int MAX_PAGES = 1 << INDEX_BITS;
    static final int INDEX_MASK = MAX_PAGES - 1;
    static final int TAG_SHIFT = 56;
    static final int MAX_TAG = 255;

    /// The tag of a closed arena, which no handle has, not even [PageArena#NO_PAGE].
    static final int CLOSED_TAG = MAX_TAG + 1;

    static final int FRAME_POWER = 4;
    static final int FRAME_BYTES = 1 << FRAME_POWER;
    static final int GROUP_PAGES = 64;
    private static final int LINES_PER_GROUP = 16;
    private static final int LINE_POWER = 6;
    static final int USE_OFFSET = 8;

    /// The state of a frame that begins no live allocation: free, cached, or inside a run. It is 0, so that untouched
    /// frame memory is a table of free frames.
    static final long FREE = 0;

    /// The state of a frame that begins a live allocation.
    static final long LIVE = 1L << 32;

    static final long ONE_HOLD = 1;
    static final long ONE_WIRE = 1L << 16;
    static final long ONE_GENERATION = 1L << 36;
    static final long GENERATION_MASK = -ONE_GENERATION;
    static final int MAX_COUNT = 0xFFFF;

    static final int OWNER_ID_SHIFT = 24;
    static final int MAX_OWNERS = 254;

    /// The owner of pages whose owner is unregistered.
    static final int LEFT_BEHIND = MAX_OWNERS + 1;

    static final int MAX_OWNER_INDEX = (1 << OWNER_ID_SHIFT) - 1;

    private static final int HANDLE_TO_WORD = 8;

    private FrameLayout() {}

    /// {@return where the record of a page lies in the frame table, in bytes}
    ///
    /// Neighbours lie a cache line apart, since the lowest free pages, which are neighbours, may go to different
    /// threads: a group of 64 records fills 16 lines, and the records of one line are 16 pages apart.
    static long frameOffset(int index) {
        long group = (long) (index & -GROUP_PAGES) << FRAME_POWER;
        int line = (index & (LINES_PER_GROUP - 1)) << LINE_POWER;
        int place = index & (GROUP_PAGES - LINES_PER_GROUP);
        return group + line + place;
    }

    static int index(long handle) {
        return (int) handle & INDEX_MASK;
    }

    static int tag(long handle) {
        return (int) (handle >>> TAG_SHIFT);
    }

    /// {@return the word of a live frame of the handle's generation that nobody wired or held}
    static long idleWord(long handle) {
        return (handle << HANDLE_TO_WORD & GENERATION_MASK) | LIVE;
    }

    static long handle(int tag, long word, int index) {
        return (long) tag << TAG_SHIFT | (word & GENERATION_MASK) >>> HANDLE_TO_WORD | index;
    }

    static boolean isLive(long word) {
        return (word & LIVE) != 0;
    }

    /// {@return whether a word is of the same life as the handle, whoever wired or holds it}
    static boolean isSameLife(long word, long handle) {
        return (word & (GENERATION_MASK | LIVE)) == idleWord(handle);
    }

    /// {@return whether a word is of the same life as the handle, and wired}
    static boolean isWired(long word, long handle) {
        return isSameLife(word, handle) && (word & (long) MAX_COUNT << 16) != 0;
    }

    static int wires(long word) {
        return (int) (word >>> 16) & MAX_COUNT;
    }

    static int holds(long word) {
        return (int) word & MAX_COUNT;
    }

    static int run(long use) {
        return (int) use;
    }

    /// {@return the owner field of the second word: id and index, 0 for nobody}
    static int owner(long use) {
        return (int) (use >>> Integer.SIZE);
    }

    static long use(int owner, int run) {
        return (long) owner << Integer.SIZE | run;
    }

    static long generation(long word) {
        return word >>> 36;
    }
}
