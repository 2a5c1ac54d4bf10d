package io.leasehold.lease;

/// The bits of a lease handle and of the word of a lease record.
///
/// ```text
///   handle   63      56 55                    28 27                      0
///            |   tag   |      generation        |      record index       |     positive: tags are 1 to 127
///
///   word     63                    36 35    32 31                        0
///            |      generation       |  state  |  thread id, if CONFINED  |    one word, one compare-and-set
/// ```
///
/// Each close and each hand-over increments the generation, so a handle is valid for one holder. The word that a call
/// expects is computed from the handle and the calling thread alone. Only the low 32 bits of a thread id are stored:
/// two threads are confused if their ids differ by a multiple of 2^32.
final class LeaseLayout {

    static final int INDEX_BITS = 28;
    static final int MAX_RECORDS = 1 << INDEX_BITS;
    static final int TAG_SHIFT = 56;
    static final int MAX_TAG = 127;

    /// State of a record without a lease. It is 0, so that new records are free.
    static final long FREE = 0;

    /// State: any thread may use and close the lease.
    static final long SHARED = 1L << 32;

    /// State: only the thread whose id is in the low half may use and close the lease.
    static final long CONFINED = 2L << 32;

    static final long ONE_GENERATION = 1L << 36;
    static final long GENERATION_MASK = -ONE_GENERATION;
    private static final long USE_MASK = ONE_GENERATION - 1;
    private static final int HANDLE_TO_WORD = 8;
    private static final long GENERATION_OF_HANDLE = GENERATION_MASK >>> HANDLE_TO_WORD;
    private static final long THREAD_MASK = 0xFFFF_FFFFL;

    private LeaseLayout() {}

    static int index(long handle) {
        return (int) handle & (MAX_RECORDS - 1);
    }

    static int tag(long handle) {
        return (int) (handle >>> TAG_SHIFT);
    }

    static long handle(int tag, long word, int index) {
        return (long) tag << TAG_SHIFT | (word & GENERATION_MASK) >>> HANDLE_TO_WORD | index;
    }

    /// {@return the word of a shared lease with the handle's generation}
    static long sharedWord(long handle) {
        return word(handle, SHARED);
    }

    /// {@return the handle for the next generation of the record}
    static long next(long handle) {
        return (handle & ~GENERATION_OF_HANDLE) | (handle + (1L << INDEX_BITS) & GENERATION_OF_HANDLE);
    }

    /// {@return the word of a lease with the handle's generation}
    ///
    /// @param use state and thread: [#SHARED] or [#confinedUse()]
    static long word(long handle, long use) {
        return (handle << HANDLE_TO_WORD & GENERATION_MASK) | use;
    }

    /// {@return state and thread of a lease that is confined to the calling thread}
    static long confinedUse() {
        return CONFINED | (Thread.currentThread().threadId() & THREAD_MASK);
    }

    /// {@return the word of a lease with the handle's generation that is confined to the calling thread}
    static long confinedWord(long handle) {
        return word(handle, confinedUse());
    }

    /// {@return the word of a record after its lease was closed}
    static long freed(long word) {
        return (word & GENERATION_MASK) + ONE_GENERATION;
    }

    static boolean isFree(long word) {
        return (word & USE_MASK) == FREE;
    }

    static boolean isConfined(long word) {
        return (word & CONFINED) != 0;
    }

    static long thread(long word) {
        return word & THREAD_MASK;
    }

    static long generation(long word) {
        return word >>> 36;
    }

    static long generationOf(long handle) {
        return generation(handle << HANDLE_TO_WORD);
    }
}
