package io.leasehold.lease;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/// The pool of windows as sf_buf(9) describes it, for one thread: an array of slots and a queue of the free ones.
///
/// **Threads.** Confined to one thread.
final class WindowModel {

    static final int NONE = -1;

    private final long[] pages; // by slot, 0 for none
    private final int[] leases; // by slot
    private final Deque<Integer> free = new ArrayDeque<>();
    int used;
    int peak;
    long hits;
    long misses;
    long failures;

    WindowModel(int slots) {
        pages = new long[slots];
        leases = new int[slots];
        for (int slot = 0; slot < slots; slot++) {
            free.addLast(slot);
        }
    }

    boolean isMapped(long page) {
        return slotOf(page) != NONE;
    }

    /// {@return the slot that the page gets without waiting, or [#NONE]}
    int acquire(long page) {
        int slot = slotOf(page);
        if (slot != NONE) {
            hits++;
        } else if (free.isEmpty()) {
            failures++;
            return NONE;
        } else {
            slot = free.getFirst();
            pages[slot] = page;
            misses++;
        }
        if (leases[slot]++ == 0) {
            free.remove(slot);
            peak = Math.max(peak, ++used);
        }
        return slot;
    }

    /// The kernel refuses to map the victim, which loses its page and stays the first in the queue.
    void refuse() {
        pages[free.getFirst()] = 0;
    }

    void release(int slot) {
        if (--leases[slot] == 0) {
            free.addLast(slot);
            used--;
        }
    }

    boolean hasFree() {
        return !free.isEmpty();
    }

    private int slotOf(long page) {
        for (int slot = 0; slot < pages.length; slot++) {
            if (pages[slot] == page) {
                return slot;
            }
        }
        return NONE;
    }

    @Override
    public String toString() {
        return "WindowModel(pages=%s, leases=%s, free=%s)"
                .formatted(Arrays.toString(pages), Arrays.toString(leases), free);
    }
}
