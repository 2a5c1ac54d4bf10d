package io.leasehold.page;

/// The bits of a page handle and of a frame.
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
/// The generation is at the top of the word, so adding to it wraps around without a mask. It grows with each free, so a
/// handle is valid for one allocation of its page. The word that a free expects follows from the handle alone.
final class FrameLayout {

    static final int INDEX_BITS = 28;
    static final int MAX_PAGES = 1 << INDEX_BITS;
    static final int INDEX_MASK = MAX_PAGES - 1;
    static final int TAG_SHIFT = 56;
    static final int MAX_TAG = 255;

    /// The tag of a closed arena. No handle has this tag, not even [PageArena#NO_PAGE].
    static final int CLOSED_TAG = MAX_TAG + 1;

    static final int FRAME_POWER = 4;
    static final int FRAME_BYTES = 1 << FRAME_POWER;
    static final int GROUP_PAGES = 64;
    private static final int LINES_PER_GROUP = 16;
    private static final int LINE_POWER = 6;
    static final int USE_OFFSET = 8;

    /// The state of a frame that does not begin a live allocation: its page is free, cached, or inside a run. The state
    /// is 0, so that untouched memory is a table of free frames.
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

    /// The owner id of pages whose owner was unregistered.
    static final int LEFT_BEHIND = MAX_OWNERS + 1;

    static final int MAX_OWNER_INDEX = (1 << OWNER_ID_SHIFT) - 1;

    private static final int HANDLE_TO_WORD = 8;

    private FrameLayout() {}

    /// {@return the offset in bytes of the frame of a page in the frame table}
    ///
    /// Neighbours lie a cache line apart, since the lowest free pages are neighbours and may go to different threads. A
    /// group of 64 frames fills 16 lines, and the frames in one line belong to pages that are 16 apart.
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

    /// {@return the word of a live frame with the generation of the handle that is neither wired nor held}
    static long idleWord(long handle) {
        return (handle << HANDLE_TO_WORD & GENERATION_MASK) | LIVE;
    }

    static long handle(int tag, long word, int index) {
        return (long) tag << TAG_SHIFT | (word & GENERATION_MASK) >>> HANDLE_TO_WORD | index;
    }

    static boolean isLive(long word) {
        return (word & LIVE) != 0;
    }

    /// {@return true if a word is live and has the generation of the handle, whatever its counts are}
    static boolean isCurrent(long word, long handle) {
        return (word & (GENERATION_MASK | LIVE)) == idleWord(handle);
    }

    /// {@return true if a word is live, has the generation of the handle, and is wired}
    static boolean isWired(long word, long handle) {
        return isCurrent(word, handle) && (word & (long) MAX_COUNT << 16) != 0;
    }

    static int wires(long word) {
        return (int) (word >>> 16) & MAX_COUNT;
    }

    static long withoutWires(long word) {
        return word & ~((long) MAX_COUNT << 16);
    }

    static int holds(long word) {
        return (int) word & MAX_COUNT;
    }

    static int run(long use) {
        return (int) use;
    }

    /// {@return the owner field of the second word: id and index, or 0 if no owner is set}
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
