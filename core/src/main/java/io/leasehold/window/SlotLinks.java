package io.leasehold.window;

import java.util.Arrays;

/// Circular lists of slots, linked through two arrays. A slot is added, found and removed in constant time.
///
/// ```text
///   first ---> 7 <---> 2 <---> 9 <---+         the caller keeps the first slot of each list
///              ^---------------------+
/// ```
///
/// **Threads.** Not thread-safe; guarded by the lock of the [WindowPool].
///
/// **Invariants.** A slot is in at most one list of an object.
final class SlotLinks {

    /// In place of the first slot: the list is empty.
    static final int NONE = -1;

    private final int[] next; // (L)
    private final int[] previous; // (L)

    /// @param count number of slots; each is in no list
    SlotLinks(int count) {
        this.next = new int[count];
        this.previous = new int[count];
        Arrays.fill(next, NONE);
    }

    /// {@return true if a slot is in a list}
    boolean contains(int slot) {
        return next[slot] != NONE;
    }

    /// {@return the slot after `slot`, which is in a list}
    int next(int slot) {
        return next[slot];
    }

    /// Adds a slot, which is in no list, behind all others.
    ///
    /// @param first first slot of the list, or [#NONE]
    /// @return the new first slot of the list
    int addLast(int first, int slot) {
        if (first == NONE) {
            next[slot] = slot;
            previous[slot] = slot;
            return slot;
        }
        int last = previous[first];
        next[last] = slot;
        previous[slot] = last;
        next[slot] = first;
        previous[first] = slot;
        return first;
    }

    /// Removes a slot.
    ///
    /// @param first first slot of the list that contains `slot`
    /// @return the new first slot of the list, or [#NONE]
    int remove(int first, int slot) {
        int after = next[slot];
        next[slot] = NONE;
        if (after == slot) {
            return NONE;
        }
        int before = previous[slot];
        next[before] = after;
        previous[after] = before;
        return first == slot ? after : first;
    }

    @Override
    public String toString() {
        return "SlotLinks(" + next.length + ")";
    }
}
