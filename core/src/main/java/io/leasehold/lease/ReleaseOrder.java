package io.leasehold.lease;

import java.util.Arrays;

/// The slots that may be recycled, least recently released first. This is the free queue of sf_buf(9), updated lazily.
///
/// A binary heap. The key of a slot is the stamp that the slot had when a search last looked at it. Releases increase
/// stamps without updating the heap, so keys are lower bounds. If the key of the top slot equals its stamp, the slot is
/// the true minimum. Otherwise the key is updated and the slot moves down. A linked list would need the lock at each
/// hit and each release.
///
/// A stamp consists of the number of misses so far, and the number of releases of the stripe. So the order is exact for
/// one platform thread. Releases by several threads between two misses have no particular order.
///
/// **Work.** A step of a search looks at the top slot. It moves the slot down, removes it, or ends the search. Each hit
/// and each release costs later searches one step at most. A search after many hits has many steps, so the caller
/// releases its lock in between.
///
/// **Threads.** Guarded by the lock of [WindowClaims].
///
/// **Invariants.** I1: `key <= stamp` for each slot in the heap. I2: no slot is in the heap twice. I3: see
/// [WindowSlots].
final class ReleaseOrder {

    /// In place of a slot: the step did not end the search.
    static final int AGAIN = -2;

    private final WindowSlots slots; // (C)
    private final int[] heap; // (L)
    private final long[] keys; // (L) by slot
    private int size; // (L)

    /// Creates an order of all slots, by slot number.
    ReleaseOrder(WindowSlots slots) {
        this.slots = slots;
        this.heap = new int[slots.count()];
        this.keys = new long[slots.count()];
        for (int slot = 0; slot < slots.count(); slot++) {
            slots.tryQueue(slot);
            insert(slot);
        }
    }

    /// Inserts one arrival into the heap.
    ///
    /// @return false if there is no arrival
    boolean insertArrival() {
        int slot = slots.pollArrival();
        if (slot == WindowSlots.NO_SLOT) {
            return false;
        }
        insert(slot);
        return true;
    }

    /// Frees a BUSY slot. The slot has no page then, and is recycled next.
    void giveUp(int slot) {
        slots.unlink(slot);
        slots.giveUp(slot);
        if (slots.tryQueue(slot)) {
            insert(slot);
        }
    }

    private void insert(int slot) {
        keys[slot] = slots.stamp(slot);
        heap[size] = slot;
        up(size++);
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// Inserts arrivals and searches for a slot, up to a number of steps.
    ///
    /// @param steps maximum number of steps
    /// @return as [#tryTakeLeastRecent]
    int take(int steps) {
        for (int step = 0; step < steps; step++) {
            int slot = insertArrival() ? AGAIN : tryTakeLeastRecent();
            if (slot != AGAIN) {
                return slot;
            }
        }
        return AGAIN;
    }

    /// Makes one step of the search for the least recently released slot.
    ///
    /// The slot that is found becomes BUSY and loses its page. A slot in use is removed from the heap, until its last
    /// release queues it again.
    ///
    /// @return the slot, [#AGAIN] if another step is needed, or [WindowSlots#NO_SLOT] if all slots are in use
    int tryTakeLeastRecent() {
        if (size == 0) {
            return WindowSlots.NO_SLOT;
        }
        int slot = heap[0];
        long word = slots.word(slot);
        if (WindowSlots.isInUse(word)) {
            if (slots.tryUnqueue(slot, word)) {
                removeTop();
            }
            return AGAIN;
        }
        long stamp = slots.stamp(slot);
        if (stamp != keys[slot]) {
            keys[slot] = stamp;
            down(0);
            return AGAIN;
        }
        if (!slots.tryTake(slot, word)) {
            return AGAIN;
        }
        removeTop();
        slots.unlink(slot);
        return slot;
    }

    void checkInvariants() {
        boolean[] seen = new boolean[heap.length];
        for (int i = 0; i < size; i++) {
            int slot = heap[i];
            if (seen[slot] || keys[heap[(i - 1) / 2]] > keys[slot]) {
                throw new AssertionError("I2: slot=" + slot + ", place=" + i);
            }
            seen[slot] = true;
        }
        for (int slot = 0; slot < heap.length; slot++) {
            if (seen[slot] != WindowSlots.isQueued(slots.word(slot))) {
                throw new AssertionError("I3: slot=" + slot + ", queued=" + seen[slot]);
            }
        }
    }

    @Override
    public String toString() {
        return "ReleaseOrder" + Arrays.toString(Arrays.copyOf(heap, size));
    }

    private void removeTop() {
        heap[0] = heap[--size];
        down(0);
    }

    private void up(int place) {
        int slot = heap[place];
        int at = place;
        while (at > 0 && keys[heap[(at - 1) / 2]] > keys[slot]) {
            heap[at] = heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        heap[at] = slot;
    }

    private void down(int place) {
        if (size == 0) {
            return;
        }
        int slot = heap[place];
        int at = place;
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && keys[heap[child + 1]] < keys[heap[child]]) {
                child++;
            }
            if (keys[heap[child]] >= keys[slot]) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = slot;
    }
}
