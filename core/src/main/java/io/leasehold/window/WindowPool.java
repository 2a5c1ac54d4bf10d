package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;
import io.leasehold.window.WindowWaiters.Waiter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/// Slots of address space, all of one size, that parts of files are mapped into: extents that stay, or windows that are
/// recycled.
///
/// ```text
///              WindowReclaim                       claim            mmap(2)         finish
///   mapped --------------------------> free, BUSY -------> claimed ---------------------------> mapped, version + 1
///     |  ^ pins    version + 1            ^                   | the kernel refuses
///     +--+                                +-------------------+
/// ```
///
/// A copy out of a slot looks at its word before and after: if the version is the same, so was the mapping. Slots that
/// are free stay mapped to what they were, or to the empty file; nothing is ever unmapped, so a late reader gets bytes
/// that it throws away, or an [InternalError] that it catches, and never ends the process.
///
/// **Ownership.** Owns its [SlotMemory].
///
/// **Threads.** Thread-safe. [#words] are lock-free. `lock` is held for some hundred steps at most, and over no call of
/// the kernel: a slot is claimed, mapped without the lock, and finished. A thread that wants a part that another thread
/// is mapping waits for the end of that call, or copies with read(2).
///
/// **Invariants.** I3: a slot that is BUSY is free, or in transit in the hands of one thread. [SlotFiles] has I1, I4
/// and I6, [SlotWords] I2, and [SlotClock] I5.
final class WindowPool {

    static final int NO_SLOT = WindowTable.NO_SLOT;

    /// Slots that each mapping adds to the clock, so that a search does not find many.
    private static final int INTAKE = 8;

    private final SlotMemory memory; // (C)
    private final long address; // (C) of that
    private final int power; // (C) of that
    private final boolean evicts; // (C)
    private final SlotWords words; // (C)
    private final WindowReclaim reclaim; // (C)

    final ShortLock lock = new ShortLock();
    final SlotClock clock; // (L)
    final WindowWaiters waiters = new WindowWaiters(lock); // (C)
    private final Condition mapped = lock.newCondition(); // (C) a mapping ended that threads wait for
    final SlotFiles files; // (L)
    private final SlotLinks free; // (L) one list
    private int firstFree = SlotLinks.NONE; // (L) the next to be used
    private int freeCount; // (L)
    private int joiners; // (L) threads that wait for the end of a mapping

    /// @param memory address space, which the pool owns
    /// @param evicts true if slots are recycled
    WindowPool(SlotMemory memory, boolean evicts) {
        int count = memory.count();
        this.memory = memory;
        this.address = memory.address(0);
        this.power = memory.power();
        this.evicts = evicts;
        this.words = new SlotWords(count);
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

    /// {@return the calls of the kernel}
    SlotMemory memory() {
        return memory;
    }

    /// {@return true if slots are recycled, and so worth waiting for}
    boolean evicts() {
        return evicts;
    }

    /// {@return what is known of the slots without the lock}
    SlotWords words() {
        return words;
    }

    /// {@return the way in which slots become free}
    WindowReclaim reclaim() {
        return reclaim;
    }

    /// Maps a part of a file into a free slot, for copies.
    ///
    /// @return its slot, or [#NO_SLOT] if none is free, threads wait for one, or the part is being mapped
    /// @throws SystemCallException if the kernel refuses; the slot is free then
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

    /// Pins a part of a file, mapping it into a free slot unless it has one.
    ///
    /// @param waiter the calling thread, or null if it does not wait
    /// @return its slot, or [#NO_SLOT] if none is free for the caller
    /// @throws SystemCallException if the kernel refuses; the slot is free then
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

    /// Takes a free slot for a part; under the lock.
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
                endWait(waiter); // the next one looks while this one calls the kernel
            }
            memory.map(slot, file, part, advice);
            isMapped = true;
        } finally {
            finish(file, part, slot, isMapped, pins);
        }
        counts.count(WindowCounts.ADMIT);
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
            waiters.wake(); // a waiter that looked meanwhile did not find the slot
        }
    }

    /// Waits until no part of a file is being mapped; no more will be, as the file is draining.
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

    @SuppressWarnings("WaitNotInLoop") // each caller looks again afterwards, in a loop
    private void awaitMapping() {
        joiners++;
        try {
            mapped.awaitUninterruptibly();
        } finally {
            joiners--;
        }
    }

    /// Takes note of the end of a pin.
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

    /// Ends the wait of a thread, with a slot or without.
    void endWait(Waiter waiter) {
        waiters.remove(waiter, () -> freeCount > 0 || !clock.isEmpty());
    }

    /// {@return number of slots that are wanted at once: none if any is free, else one for each waiter}
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

    /// Takes a slot of a file out of all lists, unless it is pinned; under the lock, while pins are settled.
    ///
    /// @return true if it is in transit now, in the hands of the caller
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

    /// Frees slots that are in transit, and grants them to the threads that wait.
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
                waiters.wake(); // there was no Java heap for the list: the first one looks, and tells the next
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

    /// {@return the offset in its file of what is in a slot}
    long byteOffset(int slot) {
        return files.part(slot) << power;
    }

    /// Gives the address space back, or abandons it if windows are out of a file that was closed by force: then nothing
    /// else is ever mapped there, and what is left of the windows reads as zero.
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

    /// Checks all slots, while no thread maps or frees any.
    ///
    /// @param open the files that may be in slots
    void checkInvariants(Set<MappedFile> open) {
        boolean isKnown = reclaim.withCollectedPins(() -> {
            for (int slot = 0; slot < memory.count(); slot++) {
                checkInvariants(slot, open);
            }
        });
        if (!isKnown) {
            throw new AssertionError("pins are not known: " + words);
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
