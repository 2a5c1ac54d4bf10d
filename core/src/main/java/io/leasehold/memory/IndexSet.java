package io.leasehold.memory;

import java.util.Arrays;

/// A set of non-negative ints that finds its lowest or highest member in a few steps, for any size of the ints.
///
/// ```text
///   level 2   | 1 0 0 0 ...                      one bit for each nonzero word of level 1
///   level 1   | 1 0 1 0 ... | 0 0 0 0 ...        one bit for each nonzero word of level 0
///   level 0   | 0 1 1 0 ... | 0 0 0 0 ... | 0 0 1 0 ...        one bit for each index
/// ```
///
/// A search looks at one word per level on the way up and one on the way down. A level has a sixty-fourth of the words
/// of the level below, so 2^24 indexes need four levels. A [java.util.BitSet] looks at every word between the start of
/// the search and the member that it finds.
///
/// **Threads.** Not thread-safe. Guarded by a lock of the user.
///
/// **Failures.** Only [#ensureCapacity], and an [#add] beyond the capacity, allocate and can fail for lack of Java
/// heap. The set is unchanged then.
public final class IndexSet {

    /// In place of an index: there is no such member.
    public static final int NONE = -1;

    private static final int WORD_POWER = 6;
    private static final int MIN_CAPACITY = Long.SIZE;

    private long[][] levels = {new long[0]}; // (L) the user's
    private int capacity; // (L) number of indexes that have a bit
    private int size; // (L)

    /// Creates an empty set.
    public IndexSet() {}

    /// Increases the capacity, so that adding an index below `newCapacity` cannot fail.
    ///
    /// @param newCapacity number of indexes; has no effect if the capacity is as large already
    public void ensureCapacity(int newCapacity) {
        if (newCapacity > capacity) {
            grow(newCapacity);
        }
    }

    /// Increases the capacity. Apart from [#ensureCapacity], so that the compiler does not put this code into each
    /// caller of [#add].
    private void grow(int newCapacity) {
        int rounded = Math.max(MIN_CAPACITY, (int) Math.min(Integer.MAX_VALUE, 2L * newCapacity - 1) & -MIN_CAPACITY);
        int levelCount = 1;
        for (int words = wordsFor(rounded); words > 1; words = wordsFor(words)) {
            levelCount++;
        }

        long[][] grown = new long[levelCount][];
        int words = wordsFor(rounded);
        for (int level = 0; level < levelCount; level++) {
            grown[level] = level < levels.length ? Arrays.copyOf(levels[level], words) : new long[words];
            words = wordsFor(words);
        }
        for (int level = levels.length; level < levelCount; level++) {
            for (int word = 0; word < grown[level - 1].length; word++) {
                if (grown[level - 1][word] != 0) {
                    grown[level][word >>> WORD_POWER] |= 1L << word;
                }
            }
        }

        levels = grown;
        capacity = rounded;
    }

    /// Adds an index; adding a member has no effect.
    ///
    /// @param index from 0 on
    public void add(int index) {
        ensureCapacity(index + 1);
        size += contains(index) ? 0 : 1;
        int at = index;
        for (long[] level : levels) {
            int word = at >>> WORD_POWER;
            long before = level[word];
            level[word] = before | (1L << at);
            if (before != 0) {
                return; // the bits in the levels above are set already
            }
            at = word;
        }
    }

    /// Removes an index; removing an index that is no member has no effect.
    ///
    /// @param index from 0 on
    public void remove(int index) {
        if (!contains(index)) {
            return;
        }
        size--;
        int at = index;
        for (long[] level : levels) {
            int word = at >>> WORD_POWER;
            level[word] &= ~(1L << at);
            if (level[word] != 0) {
                return;
            }
            at = word;
        }
    }

    /// Adds or removes an index.
    ///
    /// @param index from 0 on
    /// @param isMember true to add it, false to remove it
    public void set(int index, boolean isMember) {
        if (isMember) {
            add(index);
        } else {
            remove(index);
        }
    }

    /// {@return true if `index` is a member}
    ///
    /// @param index from 0 on
    public boolean contains(int index) {
        return index < capacity && (levels[0][index >>> WORD_POWER] >>> index & 1) != 0;
    }

    /// {@return the lowest member, or [#NONE]}
    public int first() {
        return next(0);
    }

    /// {@return the highest member, or [#NONE]}
    public int last() {
        return previous(capacity - 1);
    }

    /// {@return the lowest member that is at least `from`, or [#NONE]}
    ///
    /// @param from least index to consider, from 0 on
    public int next(int from) {
        int at = from;
        for (int level = 0; level < levels.length; level++) {
            int word = at >>> WORD_POWER;
            if (word >= levels[level].length) {
                return NONE;
            }
            long bits = levels[level][word] & (-1L << at);
            if (bits != 0) {
                return lowestBelow(level, (word << WORD_POWER) + Long.numberOfTrailingZeros(bits));
            }
            at = word + 1;
        }
        return NONE;
    }

    /// {@return the highest member that is at most `from`, or [#NONE]}
    ///
    /// @param from greatest index to consider; if it is negative there is no such member
    public int previous(int from) {
        int at = Math.min(from, capacity - 1);
        for (int level = 0; level < levels.length && at >= 0; level++) {
            int word = at >>> WORD_POWER;
            long bits = levels[level][word] & (-1L >>> (Long.SIZE - 1 - (at & (Long.SIZE - 1))));
            if (bits != 0) {
                return highestBelow(level, (word << WORD_POWER) + Long.SIZE - 1 - Long.numberOfLeadingZeros(bits));
            }
            at = word - 1;
        }
        return NONE;
    }

    /// {@return the number of members}
    public int size() {
        return size;
    }

    /// {@return true if there is no member}
    public boolean isEmpty() {
        return size == 0;
    }

    private int lowestBelow(int level, int bit) {
        int at = bit;
        for (int below = level - 1; below >= 0; below--) {
            at = (at << WORD_POWER) + Long.numberOfTrailingZeros(levels[below][at]);
        }
        return at;
    }

    private int highestBelow(int level, int bit) {
        int at = bit;
        for (int below = level - 1; below >= 0; below--) {
            at = (at << WORD_POWER) + Long.SIZE - 1 - Long.numberOfLeadingZeros(levels[below][at]);
        }
        return at;
    }

    private static int wordsFor(int bits) {
        return Math.ceilDiv(bits, Long.SIZE);
    }

    @Override
    public String toString() {
        return "IndexSet(size=" + size + ", capacity=" + capacity + ")";
    }
}
