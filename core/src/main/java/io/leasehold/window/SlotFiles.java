package io.leasehold.window;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The current or last part of a file in each slot of a pool, and a list of slots for each file.
///
/// **Threads.** Guarded by the lock of the [WindowPool].
///
/// **Invariants.** I1: a slot that is not BUSY is linked in the table of its file, at its part, and no other slot is.
/// I4: a file that is in a slot is open. I6: a slot is in the list of its file, and in no list if it has no file.
final class SlotFiles {

    private final WindowPool pool; // (C)
    private final @Nullable MappedFile[] files; // (L) by slot
    private final long[] parts; // (L) by slot
    private final SlotLinks links; // (L) the lists; the table of a file has its first slot

    SlotFiles(WindowPool pool, int count) {
        this.pool = pool;
        this.files = new MappedFile[count];
        this.parts = new long[count];
        this.links = new SlotLinks(count);
    }

    long part(int slot) {
        return parts[slot];
    }

    /// Adds a slot that a part of a file was mapped to.
    void join(int slot, MappedFile file, long part) {
        WindowTable table = file.table(pool);
        files[slot] = file;
        parts[slot] = part;
        table.firstSlot = links.addLast(table.firstSlot, slot);
        table.slotCount++;
    }

    /// Removes a slot from the table of its file when it becomes BUSY. It stays in the list.
    void unlink(int slot) {
        MappedFile file = files[slot];
        if (file != null) {
            file.table(pool).unlink(parts[slot]);
        }
    }

    /// Removes a slot from the list of its file, if it has one.
    void leave(int slot) {
        MappedFile file = files[slot];
        if (file != null) {
            WindowTable table = file.table(pool);
            files[slot] = null;
            table.firstSlot = links.remove(table.firstSlot, slot);
            table.slotCount--;
        }
    }

    /// Moves the first slot of a file behind its other slots.
    void rotate(WindowTable table) {
        table.firstSlot = links.next(table.firstSlot);
    }

    void checkInvariants(int slot, boolean isBusy, Set<MappedFile> open) {
        MappedFile file = files[slot];
        if (file != null && !open.contains(file)) {
            throw new AssertionError("I4: slot=" + slot + ", file=" + file);
        }
        if (!isBusy && (file == null || file.table(pool).slot(parts[slot]) != slot)) {
            throw new AssertionError("I1: slot=" + slot + ", part=" + parts[slot] + ", file=" + file);
        }
        if ((file != null) != links.contains(slot)) {
            throw new AssertionError("I6: slot=" + slot + ", file=" + file);
        }
    }

    @Override
    public String toString() {
        return "SlotFiles(" + links + ")";
    }
}
