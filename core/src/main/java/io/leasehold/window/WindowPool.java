package io.leasehold.window;

import io.leasehold.memory.Region;
import io.leasehold.memory.Reservations;
import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Protection;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Slots of address space, all of one size, that parts of files are mapped into: extents that stay, or windows that are
/// recycled.
///
/// ```text
///   word   63          32 31    30              0
///          |   version   | BUSY |     pins       |
///
///            take                map, link              evict: unlink, drop translations
///   free ----------> BUSY v+1 ------------> pins 0  ------------------------------------> free, BUSY v+1
///   BUSY                                    ^    | pin
///                                           +----+ unpin                 poison: over an empty file, the same
/// ```
///
/// A copy out of a slot looks at its word before and after: if the version is the same, so was the mapping. Slots that
/// are free stay mapped to what they were, or to the empty file; nothing is ever unmapped, so a late reader gets bytes
/// that it throws away, or an [InternalError] that it catches, and never ends the process.
///
/// **Ownership.** Owns its region, and charges a mapping for each slot until it is closed.
///
/// **Threads.** [#word], [#tryPin], [#unpin] and [#touched] by any thread, lock-free; the rest under the lock of the
/// cache.
///
/// **Invariants.** I1: a slot that is not BUSY is linked in the table of its file, at its part, and no other is. I2: a
/// BUSY slot has no pins. I3: a slot is free exactly if it is BUSY, whenever the lock is free.
///
/// **Memory order.** Each step of a word is a compare-and-set, or a release store while BUSY. The owner is set while
/// BUSY, so who reads a word that is not BUSY, then the owner, and then the same word has the owner of that mapping.
final class WindowPool {

    static final int NO_SLOT = WindowTable.NO_SLOT;

    static final long BUSY = 1L << 31;
    private static final long ONE_VERSION = 1L << 32;
    private static final long VERSION_MASK = -ONE_VERSION;
    private static final long PINS_MASK = BUSY - 1;

    /// Ranges in one process_madvise(2).
    private static final int MAX_BATCH = 64;

    /// What is recycled at once is an eighth, or a small pool would lose half of what it holds.
    private static final int BATCH_SHARE = 8;

    /// Bits of the number of a slot, beside its stamp.
    private static final int SLOT_BITS = 20;

    private static final long HUGE_PAGE_BYTES = 2L << 20;

    /// Two cache lines.
    private static final int LANE_POWER = 4;

    private static final int STAMP = 1;
    private static final int OWNER = 2;

    private static final VarHandle LANE = MethodHandles.arrayElementVarHandle(long[].class);

    private final Reservations reservations; // (C)
    private final Region region; // (C)
    private final long address; // (C) of the region
    private final int poison; // (C) descriptor of an empty file
    private final int power; // (C) log2 of the size of a slot
    private final int count; // (C)
    private final boolean evicts; // (C)
    private final long[] lanes; // (A)
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
        this.lanes = new long[(count + 1) << LANE_POWER];
        this.files = new MappedFile[count];
        this.parts = new long[count];
        this.random = new boolean[count];
        for (int slot = 0; slot < count; slot++) {
            lanes[at(slot)] = BUSY;
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

    /// {@return the state of a slot; see [#isBusy] and [#isSameMapping]}
    long word(int slot) {
        return (long) LANE.getAcquire(lanes, at(slot));
    }

    static boolean isBusy(long word) {
        return (word & BUSY) != 0;
    }

    static boolean isSameMapping(long word, long later) {
        return ((word ^ later) & (VERSION_MASK | BUSY)) == 0;
    }

    static long pins(long word) {
        return word & PINS_MASK;
    }

    /// Keeps a slot from being recycled.
    ///
    /// @return whether it still has the mapping of `word`
    boolean tryPin(int slot, long word) {
        long before = word;
        while (isSameMapping(word, before)) {
            if (LANE.compareAndSet(lanes, at(slot), before, before + 1)) {
                return true;
            }
            before = word(slot);
        }
        return false;
    }

    /// Ends [#tryPin].
    ///
    /// @return whether it was the last pin
    boolean unpin(int slot, long stamp) {
        touched(slot, stamp);
        return pins((long) LANE.getAndAdd(lanes, at(slot), -1L)) == 1;
    }

    /// {@return whether a slot has a part of the file of a table, if its word does not change meanwhile}
    boolean has(int slot, WindowTable table, long part) {
        return (long) LANE.getOpaque(lanes, at(slot) + OWNER) == table.owner(part);
    }

    /// {@return the age of the world when a slot was used last}
    long stamp(int slot) {
        return (long) LANE.getOpaque(lanes, at(slot) + STAMP);
    }

    /// Takes note of an access, for the order in which slots are recycled.
    void touched(int slot, long stamp) {
        if (stamp(slot) != stamp) {
            LANE.setOpaque(lanes, at(slot) + STAMP, stamp);
        }
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
        LANE.setOpaque(lanes, at(slot) + STAMP, stamp);
        LANE.setOpaque(lanes, at(slot) + OWNER, file.table(this).owner(part));
        LANE.setRelease(lanes, at(slot), ((long) LANE.getOpaque(lanes, at(slot)) & VERSION_MASK) + ONE_VERSION);
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

    /// Frees a slot that has no pins, to be recycled before all others.
    ///
    /// @return whether it had none
    boolean tryFree(int slot) {
        if (!tryTake(slot)) {
            return false;
        }
        free.addFirst(slot);
        dropTranslations(new long[] {address(slot)}, new long[] {1L << power}, 1);
        return true;
    }

    /// {@return a slot of a file that is pinned, from `first` on, or [#NO_SLOT]}
    int nextPinned(MappedFile file, int first) {
        for (int slot = first; slot < count; slot++) {
            if (files[slot] == file && pins(word(slot)) > 0) {
                return slot;
            }
        }
        return NO_SLOT;
    }

    /// {@return how many slots are free}
    int freeCount() {
        return free.size();
    }

    /// {@return the offset in its file of what is in a slot}
    long byteOffset(int slot) {
        return parts[slot] << power;
    }

    /// Puts every slot that holds or held a part of a file over the empty one. Those that were mapped stay behind in
    /// the order of recycling; the caller has seen to it that none is pinned.
    ///
    /// @throws OsException if the kernel refuses a mapping; the file is out of all slots all the same
    void poison(MappedFile file, WindowCounts counts) {
        OsException refusal = null;
        for (int slot = 0; slot < count; slot++) {
            if (files[slot] != file) {
                continue;
            }
            if (tryTake(slot)) {
                free.addLast(slot);
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
        int busy = 0;
        for (int slot = 0; slot < count; slot++) {
            long word = word(slot);
            MappedFile file = files[slot];
            busy += isBusy(word) ? 1 : 0;
            if (file != null && !open.contains(file)) {
                throw new AssertionError("I4: slot=" + slot + ", file=" + file);
            }
            if (!isBusy(word) && (file == null || file.table(this).slot(parts[slot]) != slot)) {
                throw new AssertionError("I1: slot=" + slot + ", part=" + parts[slot] + ", file=" + file);
            }
            if (isBusy(word) && pins(word) > 0) {
                throw new AssertionError("I2: slot=" + slot + ", word=0x" + Long.toHexString(word));
            }
            if (isBusy(word) != free.contains(slot)) {
                throw new AssertionError("I3: slot=" + slot + ", word=0x" + Long.toHexString(word));
            }
        }
        if (busy != free.size()) {
            throw new AssertionError("I3: busy=" + busy + ", free=" + free.size());
        }
    }

    @Override
    public String toString() {
        return "WindowPool(slots=%d, slotByteSize=%d, address=0x%x)".formatted(count, 1L << power, address);
    }

    /// Frees the slots that were used least recently, as many as one call of the kernel takes.
    private boolean evictBatch(WindowCounts counts) {
        int want = Math.clamp(count / BATCH_SHARE, 1, MAX_BATCH);
        long[] order = new long[count];
        int candidates = 0;
        for (int slot = 0; slot < count; slot++) {
            if (pins(word(slot)) == 0) {
                order[candidates++] = (stamp(slot) << SLOT_BITS) | slot;
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

    /// Makes a slot BUSY and takes it out of the table, unless it is pinned or BUSY already.
    private boolean tryTake(int slot) {
        long word = word(slot);
        if (isBusy(word)
                || pins(word) > 0
                || !LANE.compareAndSet(lanes, at(slot), word, ((word & VERSION_MASK) + ONE_VERSION) | BUSY)) {
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

    private static int at(int slot) {
        return (slot + 1) << LANE_POWER;
    }
}
