package io.leasehold.window;

import io.leasehold.memory.Region;
import io.leasehold.memory.Reservations;
import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Protection;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Slots of address space, all of one size, that parts of files are mapped into: extents that stay, or windows that are
/// recycled.
///
/// ```text
///            tryTake, unlink                            map, link
///   mapped ------------------> free, BUSY, version + 1 -----------> mapped, version + 1
///     |  ^ pins                   |
///     +--+                        | poison: over an empty file, the same
/// ```
///
/// A copy out of a slot looks at its word before and after: if the version is the same, so was the mapping. Slots that
/// are free stay mapped to what they were, or to the empty file; nothing is ever unmapped, so a late reader gets bytes
/// that it throws away, or an [InternalError] that it catches, and never ends the process.
///
/// **Ownership.** Owns its region, and charges a mapping for each slot until it is closed.
///
/// **Threads.** [#words] are for any thread, lock-free; the rest under the lock of the cache.
///
/// **Invariants.** I1: a slot that is not BUSY is linked in the table of its file, at its part, and no other is. I3: a
/// slot is free exactly if it is BUSY, whenever the lock is free. [SlotWords] has I2.
final class WindowPool {

    static final int NO_SLOT = WindowTable.NO_SLOT;

    /// Ranges in one process_madvise(2).
    private static final int MAX_BATCH = 64;

    /// What is recycled at once is an eighth, or a small pool would lose half of what it holds.
    private static final int BATCH_SHARE = 8;

    /// Bits of the number of a slot, beside its stamp.
    private static final int SLOT_BITS = 20;

    private static final long HUGE_PAGE_BYTES = 2L << 20;

    private final Reservations reservations; // (C)
    private final Region region; // (C)
    private final long address; // (C) of the region
    private final int poison; // (C) descriptor of an empty file
    private final int power; // (C) log2 of the size of a slot
    private final int count; // (C)
    private final boolean evicts; // (C)
    private final SlotWords words; // (C)
    private final @Nullable MappedFile[] files; // (L) what is or was mapped in a slot
    private final long[] parts; // (L)
    private final boolean[] random; // (L) advised so
    private final Deque<Integer> free = new ArrayDeque<>(); // (L) the next to be used first

    private WindowPool(
            Reservations reservations, Region region, int poison, int count, long slotByteSize, boolean evicts) {
        this.reservations = reservations;
        this.region = region;
        this.address = region.address();
        this.poison = poison;
        this.power = Long.numberOfTrailingZeros(slotByteSize);
        this.count = count;
        this.evicts = evicts;
        this.words = new SlotWords(count);
        this.files = new MappedFile[count];
        this.parts = new long[count];
        this.random = new boolean[count];
        for (int slot = 0; slot < count; slot++) {
            free.addLast(slot);
        }
    }

    /// Reserves the address space of a pool, all of it over the empty file, and charges its mappings, or nothing.
    ///
    /// @throws IllegalStateException if the mapping account has no room for them
    /// @throws OsException if the kernel refuses
    static WindowPool open(
            Reservations reservations, String name, int poison, int count, long slotByteSize, boolean evicts) {
        reservations.mappings().charge(name, count);
        Region region = null;
        try {
            long alignment = Math.max(
                    Math.min(slotByteSize, HUGE_PAGE_BYTES),
                    reservations.memory().pageSize());
            region = reservations.reserve(name, count * slotByteSize, alignment);
            region.mapMemoryFile(poison);
            return new WindowPool(reservations, region, poison, count, slotByteSize, evicts);
        } catch (RuntimeException | Error e) {
            reservations.mappings().credit(count);
            if (region != null) {
                closeAfter(e, region);
            }
            throw e;
        }
    }

    int power() {
        return power;
    }

    long address(int slot) {
        return address + ((long) slot << power);
    }

    /// {@return what is known of the slots without the lock}
    SlotWords words() {
        return words;
    }

    /// Maps a part of a file, recycling what was used least recently if no slot is free.
    ///
    /// @return its slot, or [#NO_SLOT] if all are pinned
    /// @throws OsException if the kernel refuses; the slot is free then
    int map(MappedFile file, long part, WindowCounts counts, long stamp) {
        if (free.isEmpty() && (!evicts || !evictBatch(counts))) {
            return NO_SLOT;
        }
        int slot = free.removeFirst();
        boolean isMapped = false;
        try {
            Protection protection = file.isWritable() ? Protection.READ_WRITE : Protection.READ;
            region.mapFile((long) slot << power, 1L << power, file.descriptor(), part << power, protection);
            isMapped = true;
        } finally {
            if (!isMapped) {
                files[slot] = null;
                free.addFirst(slot);
            }
        }
        counts.count(WindowCounts.ADMIT);
        files[slot] = file;
        parts[slot] = part;
        random[slot] = false;
        words.open(slot, file.table(this).owner(part), stamp);
        file.table(this).link(part, slot);
        return slot;
    }

    /// Tells the kernel once that a slot is read at random.
    void adviseRandom(int slot) {
        if (!random[slot]) {
            random[slot] = true;
            try {
                region.memory().advise(address(slot), 1L << power, Advice.RANDOM);
            } catch (OsException e) {
                // it is read all the same
            }
        }
    }

    /// Frees the slots of a part of a file that are known to have no pins, to be recycled before all others.
    void free(MappedFile file, long firstPart, long lastPart) {
        if (!words.trySettle()) {
            return;
        }
        try {
            for (long part = firstPart; part <= lastPart && WindowTable.reaches(part); part++) {
                int slot = file.table(this).slot(part);
                if (slot != NO_SLOT && tryTake(slot)) {
                    free.addFirst(slot);
                    dropTranslations(new long[] {address(slot)}, new long[] {1L << power}, 1);
                }
            }
        } finally {
            words.resume();
        }
    }

    /// Frees all slots of a file that have no pins. Those that were mapped stay behind in the order of recycling.
    ///
    /// @param others is told of those that have
    /// @return whether it is known who has
    boolean freeAll(MappedFile file, LoanReader others) {
        if (!words.trySettle()) {
            return false;
        }
        try {
            for (int slot = 0; slot < count; slot++) {
                if (files[slot] == file && !SlotWords.isBusy(words.word(slot))) {
                    if (tryTake(slot)) {
                        free.addLast(slot);
                    } else {
                        others.read(slot, words.pins(slot));
                    }
                }
            }
            return true;
        } finally {
            words.resume();
        }
    }

    /// Shows the slots of a file that are pinned.
    ///
    /// @return whether it is known which are
    boolean forEachPinned(MappedFile file, LoanReader reader) {
        if (!words.trySettle()) {
            return false;
        }
        try {
            for (int slot = 0; slot < count; slot++) {
                if (files[slot] == file && words.pins(slot) > 0) {
                    reader.read(slot, words.pins(slot));
                }
            }
            return true;
        } finally {
            words.resume();
        }
    }

    /// Who is told of slots that are pinned.
    interface LoanReader {
        void read(int slot, long pins);
    }

    /// {@return how many slots are free}
    int freeCount() {
        return free.size();
    }

    /// {@return the offset in its file of what is in a slot}
    long byteOffset(int slot) {
        return parts[slot] << power;
    }

    /// Puts every slot that held a part of a file over the empty one; all of them are free.
    ///
    /// @throws OsException if the kernel refuses a mapping; the file is out of all slots all the same
    void poison(MappedFile file, WindowCounts counts) {
        OsException refusal = null;
        for (int slot = 0; slot < count; slot++) {
            if (files[slot] != file) {
                continue;
            }
            files[slot] = null;
            try {
                region.mapFile((long) slot << power, 1L << power, poison, 0, Protection.READ_WRITE);
                counts.count(WindowCounts.POISON);
            } catch (OsException e) {
                refusal = e;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
    }

    /// Gives the address space back. Nothing is pinned.
    void close() {
        region.close();
        reservations.mappings().credit(count);
    }

    /// @param open the files that may be in slots
    void checkInvariants(Set<MappedFile> open) {
        if (!words.trySettle()) {
            throw new AssertionError("nobody knows what is pinned: " + words);
        }
        try {
            for (int slot = 0; slot < count; slot++) {
                checkInvariants(slot, open);
            }
        } finally {
            words.resume();
        }
    }

    private void checkInvariants(int slot, Set<MappedFile> open) {
        boolean isBusy = SlotWords.isBusy(words.word(slot));
        MappedFile file = files[slot];
        if (file != null && !open.contains(file)) {
            throw new AssertionError("I4: slot=" + slot + ", file=" + file);
        }
        if (!isBusy && (file == null || file.table(this).slot(parts[slot]) != slot)) {
            throw new AssertionError("I1: slot=" + slot + ", part=" + parts[slot] + ", file=" + file);
        }
        if (words.pins(slot) < 0 || (isBusy && words.pins(slot) > 0)) {
            throw new AssertionError("I2: slot=" + slot + ", isBusy=" + isBusy + ", pins=" + words.pins(slot));
        }
        if (isBusy != free.contains(slot)) {
            throw new AssertionError("I3: slot=" + slot + ", isBusy=" + isBusy);
        }
    }

    @Override
    public String toString() {
        return "WindowPool(slots=%d, slotByteSize=%d, address=0x%x)".formatted(count, 1L << power, address);
    }

    /// Frees the slots that were used least recently, as many as one call of the kernel takes.
    private boolean evictBatch(WindowCounts counts) {
        if (!words.trySettle()) {
            return false;
        }
        try {
            return evictSettled(counts);
        } finally {
            words.resume();
        }
    }

    private boolean evictSettled(WindowCounts counts) {
        int want = Math.clamp(count / BATCH_SHARE, 1, MAX_BATCH);
        long[] order = new long[count];
        int candidates = 0;
        for (int slot = 0; slot < count; slot++) {
            if (words.pins(slot) == 0) {
                order[candidates++] = (words.stamp(slot) << SLOT_BITS) | slot;
            }
        }
        Arrays.sort(order, 0, candidates);
        long[] addresses = new long[want];
        long[] byteSizes = new long[want];
        int taken = 0;
        for (int i = 0; i < candidates && taken < want; i++) {
            int slot = (int) order[i] & ((1 << SLOT_BITS) - 1);
            if (tryTake(slot)) {
                addresses[taken] = address(slot);
                byteSizes[taken++] = 1L << power;
                free.addLast(slot);
                counts.count(WindowCounts.RECYCLE);
            }
        }
        if (taken > 0) {
            dropTranslations(addresses, byteSizes, taken);
        }
        return taken > 0;
    }

    /// Lets the kernel forget many mappings in one go, so that mapping over them is cheap.
    private void dropTranslations(long[] addresses, long[] byteSizes, int slots) {
        try {
            region.memory().decommit(Backing.FILE, addresses, byteSizes, slots);
        } catch (OsException e) {
            // then each is forgotten when it is mapped over
        }
    }

    /// Makes a slot BUSY and takes it out of the table, unless it is pinned or BUSY already; while pins are settled.
    private boolean tryTake(int slot) {
        if (!words.tryTake(slot)) {
            return false;
        }
        MappedFile file = files[slot];
        if (file != null) {
            file.table(this).unlink(parts[slot]);
        }
        return true;
    }

    private static void closeAfter(Throwable cause, Region region) {
        try {
            region.close();
        } catch (OsException e) {
            cause.addSuppressed(e);
        }
    }
}
