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
/// The generation grows with each close and each hand-over, so a handle is good for one holder, and the word that its
/// use expects is known from the handle and the calling thread alone. Of a thread id the low 32 bits are kept: two
/// threads are taken for one if four thousand million others were started between them.
final class LeaseLayout {

    static final int INDEX_BITS = 28;
    static final int MAX_RECORDS = 1 << INDEX_BITS;
    static final int TAG_SHIFT = 56;
    static final int MAX_TAG = 127;

    /// A record that serves no lease. It is 0, so that new records are free.
    static final long FREE = 0;

    /// Any thread may use and close the lease.
    static final long SHARED = 1L << 32;

    /// The thread of the low half alone may use and close the lease.
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

    /// {@return the word of a shared lease of the handle's generation}
    static long sharedWord(long handle) {
        return word(handle, SHARED);
    }

    /// {@return the handle for the next lease of the record}
    static long next(long handle) {
        return (handle & ~GENERATION_OF_HANDLE) | (handle + (1L << INDEX_BITS) & GENERATION_OF_HANDLE);
    }

    /// {@return the word of a lease of the handle's generation, put to a use}
    static long word(long handle, long use) {
        return (handle << HANDLE_TO_WORD & GENERATION_MASK) | use;
    }

    /// {@return the use of a lease confined to the calling thread: state and thread}
    static long confinedUse() {
        return CONFINED | (Thread.currentThread().threadId() & THREAD_MASK);
    }

    /// {@return the word of a lease of the handle's generation confined to the calling thread}
    static long confinedWord(long handle) {
        return word(handle, confinedUse());
    }

    /// {@return the word of the record after its lease was closed}
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
