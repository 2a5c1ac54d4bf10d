package io.leasehold.lease;

import java.util.Arrays;

/// The slots that may be recycled, least recently released first: the free queue of sf_buf(9), kept lazily.
///
/// A binary heap by the stamp that a slot had when it was last looked at. Releases move stamps forward without telling
/// the heap, so its keys are lower bounds: the top is the true minimum once its key is its stamp, and is moved down
/// until that is so. A linked list would need the lock at each hit and each release.
///
/// Stamps count misses, and releases of the same stripe between two misses; so the order is exact for one platform
/// thread, and of releases by several threads between two misses it is any.
///
/// **Threads.** All methods under the lock of [WindowedMap].
///
/// **Invariants.** I1: `key <= stamp` for each slot in the heap. I2: no slot is in it twice.
final class ReleaseOrder {

    private final WindowSlots slots; // (C)
    private final int[] heap; // (L)
    private final long[] keys; // (L) by slot
    private int size; // (L)

    /// Begins with all slots, in the order of their numbers.
    ReleaseOrder(WindowSlots slots) {
        this.slots = slots;
        this.heap = new int[slots.count()];
        this.keys = new long[slots.count()];
        for (int slot = 0; slot < slots.count(); slot++) {
            slots.tryQueue(slot);
            insert(slot, slots.stamp(slot));
        }
    }

    /// Adds a slot that [WindowSlots#tryQueue] accepted.
    void insert(int slot, long stamp) {
        keys[slot] = stamp;
        heap[size] = slot;
        up(size++);
    }

    /// Takes the least recently released slot, BUSY from then on. Slots in use are left out from then on, until their
    /// last release.
    ///
    /// @return the slot, or [WindowSlots#NO_SLOT] if all are in use
    int takeLeastRecent() {
        while (size > 0) {
            int slot = heap[0];
            long word = slots.word(slot);
            if (WindowSlots.isInUse(word)) {
                if (slots.tryUnqueue(slot, word)) {
                    removeTop();
                }
                continue;
            }
            long stamp = slots.stamp(slot);
            if (stamp != keys[slot]) {
                keys[slot] = stamp;
                down(0);
            } else if (slots.tryTake(slot, word)) {
                removeTop();
                return slot;
            }
        }
        return WindowSlots.NO_SLOT;
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
