package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.event.FlightEvents;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;
import io.leasehold.window.WindowWaiters.Waiter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// A pool of slots of address space of one size, into which parts of files are mapped: extents that stay mapped, or
/// windows that are recycled.
///
/// ```text
///              WindowReclaim                       claim            mmap(2)         finish
///   mapped --------------------------> free, BUSY -------> claimed ---------------------------> mapped, version + 1
///     |  ^ pins    version + 1            ^                   | mmap(2) fails
///     +--+                                +-------------------+
/// ```
///
/// A copy out of a slot reads the word of the slot before and after. If the version is the same, so was the mapping. A
/// free slot stays mapped to its last part, or to the placeholder. Nothing is ever unmapped, so a late reader gets
/// bytes that it discards, or an [InternalError] that it catches, and never ends the process.
///
/// **Ownership.** Owns its [SlotMemory].
///
/// **Threads.** Thread-safe. [#words] are lock-free. `lock` is held for at most some hundred steps, and during no call
/// of the kernel: a slot is claimed, mapped without the lock, and finished. A thread that needs a part that another
/// thread is mapping waits for the end of that call, or copies with read(2).
///
/// **Invariants.** I3: a slot that is BUSY is free, or in transit and used by one thread. [SlotFiles] has I1, I4 and
/// I6, [SlotWords] I2, and [SlotClock] I5.
final class WindowPool {

    static final int NO_SLOT = WindowTable.NO_SLOT;

    /// Number of stacked slots that each mapping adds to the clock, so that few are left for a search.
    private static final int INTAKE = 8;

    private final SlotMemory memory; // (C)
    private final long address; // (C) of slot 0
    private final int power; // (C) log2 of the slot size
    private final boolean evicts; // (C) slots are recycled
    private final SlotWords words; // (C)
    private final WindowReclaim reclaim; // (C)

    final ShortLock lock = new ShortLock();
    final SlotClock clock; // (L)
    final WindowWaiters waiters = new WindowWaiters(lock); // (C)
    private final Condition mapped = lock.newCondition(); // (C) signalled at the end of a mapping
    final SlotFiles files; // (L)
    private final SlotLinks free; // (L) one list
    private int firstFree = SlotLinks.NONE; // (L) the next to be claimed
    private int freeCount; // (L)
    private int joiners; // (L) number of threads that wait for `mapped`

    /// @param memory address space, owned by the pool from then on
    /// @param evicts true if slots are recycled
    WindowPool(SlotMemory memory, boolean evicts) {
        int count = memory.count();
        this.memory = memory;
        this.address = memory.address(0);
        this.power = memory.power();
        this.evicts = evicts;
        this.words = new SlotWords(count, memory.virtualMemory());
        this.clock = new SlotClock(words, count);
        this.files = new SlotFiles(this, count);
        this.free = new SlotLinks(count);
        this.reclaim = new WindowReclaim(this, count);
        for (int slot = 0; slot < count; slot++) {
            addFree(slot);
        }
    }

    /// {@return log2 of the size of a slot in bytes}
    int power() {
        return power;
    }

    long address(int slot) {
        return address + ((long) slot << power);
    }

    /// {@return the address space, with the calls of the kernel}
    SlotMemory memory() {
        return memory;
    }

    /// {@return true if slots are recycled, so that waiting for one makes sense}
    boolean evicts() {
        return evicts;
    }

    /// {@return the state of the slots that needs no lock}
    SlotWords words() {
        return words;
    }

    /// {@return the reclaimer of slots}
    WindowReclaim reclaim() {
        return reclaim;
    }

    /// Maps a part of a file into a free slot, for copies.
    ///
    /// @return the slot, or [#NO_SLOT] if none is free, threads wait for one, or another thread is mapping the part
    /// @throws SystemCallException if the system call fails; the slot is free then
    int map(MappedFile file, long part, AccessAdvice advice, WindowCounts counts) {
        StackReserve.ensure();
        WindowTable table = file.table(this);
        int slot;
        lock.lock();
        try {
            slot = table.slot(part);
            if (slot != NO_SLOT || table.isMapping(part) || file.loans().isDraining() || !waiters.mayTake(null)) {
                return slot;
            }
            slot = claim(table, part);
        } finally {
            lock.unlock();
        }
        return slot == NO_SLOT ? NO_SLOT : mapClaimed(file, part, slot, advice, null, false, counts);
    }

    /// Pins a part of a file, and maps it into a free slot first if it has none.
    ///
    /// @param waiter the waiter of the calling thread, or null if it does not wait
    /// @return the slot, or [#NO_SLOT] if none is free for the caller
    /// @throws SystemCallException if the system call fails; the slot is free then
    int pin(MappedFile file, long part, AccessAdvice advice, @Nullable Waiter waiter, WindowCounts counts) {
        StackReserve.ensure();
        WindowTable table = file.table(this);
        int slot;
        lock.lock();
        try {
            while (table.isMapping(part)) {
                awaitMapping();
            }
            slot = table.slot(part);
            if (slot != NO_SLOT) {
                return words.tryPin(slot, table, part) ? slot : NO_SLOT;
            }
            if (file.loans().isDraining() || !waiters.mayTake(waiter)) {
                return NO_SLOT;
            }
            slot = claim(table, part);
        } finally {
            lock.unlock();
        }
        return slot == NO_SLOT ? NO_SLOT : mapClaimed(file, part, slot, advice, waiter, true, counts);
    }

    /// Claims a free slot for a part. Guarded by `lock`.
    private int claim(WindowTable table, long part) {
        int slot = firstFree;
        if (slot == SlotLinks.NONE) {
            return NO_SLOT;
        }
        table.startMapping(part);
        removeFree(slot);
        files.leave(slot);
        return slot;
    }

    private int mapClaimed(
            MappedFile file,
            long part,
            int slot,
            AccessAdvice advice,
            @Nullable Waiter waiter,
            boolean pins,
            WindowCounts counts) {
        boolean isMapped = false;
        try {
            if (waiter != null) {
                endWait(waiter); // the next waiter searches while this thread calls the kernel
            }
            memory.map(slot, file, part, advice);
            isMapped = true;
        } finally {
            finish(file, part, slot, isMapped, pins);
        }
        counts.count(WindowCounts.ADMIT);
        FlightEvents.windowMapped(file.path(), part << memory.power(), 1L << memory.power(), memory.address(slot));
        return slot;
    }

    private void finish(MappedFile file, long part, int slot, boolean isMapped, boolean pins) {
        WindowTable table = file.table(this);
        lock.lock();
        try {
            if (isMapped) {
                files.join(slot, file, part);
                words.open(slot, table.owner(part), pins ? 1 : 0);
                table.link(part, slot);
                if (pins) {
                    clock.addPinned(slot);
                } else {
                    clock.add(slot);
                }
            } else {
                table.giveUp(part);
                addFree(slot);
            }
            clock.takeIn(INTAKE);
            if (joiners > 0) {
                mapped.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (!isMapped || !pins) {
            waiters.wake(); // a waiter that searched meanwhile did not find the slot
        }
    }

    /// Waits until no part of a file is being mapped. No new mapping begins, since the file is draining.
    void awaitMappings(MappedFile file) {
        lock.lock();
        try {
            while (file.table(this).isMapping()) {
                awaitMapping();
            }
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // each caller checks its condition in a loop
    private void awaitMapping() {
        joiners++;
        try {
            mapped.awaitUninterruptibly();
        } finally {
            joiners--;
        }
    }

    /// Informs the clock and the waiters of the end of a pin.
    ///
    /// @param isLeft true if the slot is to be recycled before all others
    void unpinned(int slot, boolean isLeft) {
        if (isLeft) {
            clock.left(slot);
        } else {
            clock.unpinned(slot);
        }
        waiters.wake();
    }

    /// Ends the wait of a thread, with or without a slot.
    void endWait(Waiter waiter) {
        waiters.remove(waiter, () -> freeCount > 0 || !clock.isEmpty());
    }

    /// {@return number of slots that are needed now: 0 if any is free, else one for the caller and one for each waiter}
    int wanted() {
        lock.lock();
        try {
            return freeCount > 0 ? 0 : 1 + waiters.size();
        } finally {
            lock.unlock();
        }
    }

    /// {@return number of free slots}
    int freeCount() {
        lock.lock();
        try {
            return freeCount;
        } finally {
            lock.unlock();
        }
    }

    /// {@return number of slots that have a part of a file, or are about to get one}
    int mappedCount() {
        return memory.count() - freeCount();
    }

    /// Takes a slot of a file out of all lists, unless it is pinned. Guarded by `lock`, while pins are collected.
    ///
    /// @return true if the slot is in transit now, to be freed by the caller
    boolean tryRemove(int slot) {
        if (free.contains(slot)) {
            removeFree(slot);
        } else if (words.tryTake(slot)) {
            clock.remove(slot);
            files.unlink(slot);
        } else {
            return false;
        }
        files.leave(slot);
        return true;
    }

    /// Frees slots that are in transit, and grants them to waiting threads.
    void free(int[] slots, int slotCount) {
        List<Waiter> granted = null;
        lock.lock();
        try {
            for (int i = 0; i < slotCount; i++) {
                addFree(slots[i]);
            }
            granted = waiters.size() == 0 ? List.of() : waiters.grant(freeCount);
        } finally {
            lock.unlock();
            if (granted == null) {
                // the Java heap was full: the first waiter searches, and wakes the next
                waiters.wake();
            }
        }
        for (int i = 0; i < granted.size(); i++) {
            granted.get(i).wake();
        }
    }

    private void addFree(int slot) {
        firstFree = free.addLast(firstFree, slot);
        freeCount++;
    }

    private void removeFree(int slot) {
        firstFree = free.remove(firstFree, slot);
        freeCount--;
    }

    /// {@return the offset in its file of the part in a slot}
    long byteOffset(int slot) {
        return files.part(slot) << power;
    }

    /// Releases the address space, or abandons it if windows of a file that was closed by force are outstanding.
    /// Abandoned addresses are never mapped to anything else, and these windows read as zero.
    void close() {
        boolean[] isPinned = new boolean[1];
        boolean isKnown = reclaim.withCollectedPins(() -> {
            for (int slot = 0; slot < memory.count(); slot++) {
                isPinned[0] |= words.pins(slot) > 0;
            }
        });
        if (isKnown && !isPinned[0]) {
            memory.close();
        } else {
            memory.abandon();
        }
    }

    /// Checks all slots. Meanwhile no thread maps or frees any.
    ///
    /// @param open the files that may be in slots
    void checkInvariants(Set<MappedFile> open) {
        boolean isKnown = reclaim.withCollectedPins(() -> {
            for (int slot = 0; slot < memory.count(); slot++) {
                checkInvariants(slot, open);
            }
        });
        if (!isKnown) {
            throw new AssertionError("pins cannot be collected: words=" + words);
        }
    }

    private void checkInvariants(int slot, Set<MappedFile> open) {
        boolean isBusy = SlotWords.isBusy(words.word(slot));
        files.checkInvariants(slot, isBusy, open);
        if (words.pins(slot) < 0 || (isBusy && words.pins(slot) > 0)) {
            throw new AssertionError("I2: slot=" + slot + ", isBusy=" + isBusy + ", pins=" + words.pins(slot));
        }
        if (isBusy != free.contains(slot)) {
            throw new AssertionError("I3: slot=" + slot + ", isBusy=" + isBusy);
        }
        clock.checkInvariants(slot);
    }

    @Override
    public String toString() {
        return "WindowPool(" + memory + ")";
    }
}
