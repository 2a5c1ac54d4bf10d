package io.leasehold.window;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.VirtualMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// The state of the slots of a pool that needs no lock. For each slot: a word with its version and pins, the owner of
/// its part, its use, and a mark for the [SlotClock].
///
/// ```text
///   word   63          32 31    30              0
///          |   version   | BUSY | NO_PINS + pins |
///
///   pins of a slot  =  pins in its word  +  the counts of each thread in its cells
///                                           (a release in another thread than the loan counts -1)
/// ```
///
/// A thread that lends or releases counts in cells of its own ([BiasedSlots]). So two threads that lend the same window
/// write to nothing in common, and neither executes an atomic instruction. A thread that needs the sum revokes the
/// cells, adds them to the words ([#tryCollectPins]), and decides before it resumes them. Meanwhile pins are counted in
/// the words.
///
/// ```text
///   use    UNUSED -> ONCE ---> USED          touched          a slot that is mapped for one access is not in use yet
///          ONCE <------------- USED          wasUsed          the hand of the clock passed
///          LEFT <---- any                    leave            recycled before all others, unless touched again
/// ```
///
/// **Threads.** [#tryCollectPins] and [#resume] guarded by the turn of [WindowReclaim], [#tryTake] and [#open] by the
/// lock of the [WindowPool], the rest by any thread.
///
/// **Invariants.** I2: a slot that is BUSY has no pins. A count of a thread is at most [#MAX_COUNT] away from zero, so
/// the sum of all fits a word.
///
/// **Memory order.** Each step of a word is a compare-and-set, or a release store while BUSY. The owner is set while
/// BUSY. So a thread that reads a word that is not BUSY, then the owner, and then the same word, has the owner of that
/// mapping. Inside cells that are not revoked no word becomes BUSY, so the second read of the word is not needed there.
/// `BiasedSlotStress` tests the revocation of cells.
final class SlotWords {

    static final long BUSY = 1L << 31;
    private static final long ONE_VERSION = 1L << 32;
    private static final long VERSION_MASK = -ONE_VERSION;
    private static final long PINS_MASK = BUSY - 1;
    private static final long NO_PINS = 1L << 30;

    /// Slots from this number on are pinned in their words only; otherwise each thread would have up to a million
    /// cells.
    private static final int MAX_CELLS = 1024;

    private static final int MAX_COUNT = 1 << 20;

    /// Number of attempts to visit a thread that stays busy in its cells. One attempt waits up to 50 ms.
    private static final int ATTEMPTS = 20;

    /// Log2 of the `long`s in two cache lines.
    private static final int LANE_POWER = 4;

    private static final int USE = 1;
    private static final int OWNER = 2;
    private static final int MARK = 3;

    private static final long LEFT = -1;
    private static final long UNUSED = 0;
    private static final long ONCE = 1;
    private static final long USED = 2;

    /// Marks: none, set aside by the clock because the slot was pinned, and on the stack of the clock.
    static final long UNMARKED = 0;

    static final long ASIDE = 1;
    static final long STACKED = 2;

    private static final VarHandle LANE =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    private final long[] lanes; // (A) one lane for each slot
    private final int cellCount; // (C) number of slots that are counted in cells
    private final BiasedSlots counts; // (A) cells of each thread, one for each slot
    private final VirtualMemory memory; // (C) for the barrier

    /// @param count number of slots, all BUSY at first
    SlotWords(int count, VirtualMemory memory) {
        this.lanes = new long[(count + 1) << LANE_POWER];
        this.cellCount = Math.min(count, MAX_CELLS);
        this.counts = BiasedSlots.of(cellCount, memory);
        this.memory = memory;
        for (int slot = 0; slot < count; slot++) {
            lanes[at(slot)] = BUSY | NO_PINS;
        }
        linkCalls();
    }

    /// Makes each kind of access once, on a lane that no slot has. The first one makes objects, and fails when the Java
    /// heap is full, also in the middle of a change of a slot.
    private void linkCalls() {
        LANE.setOpaque(lanes, 0, (long) LANE.getOpaque(lanes, 0));
        LANE.setRelease(lanes, 0, (long) LANE.getAcquire(lanes, 0));
        LANE.setVolatile(lanes, 0, 0L);
        boolean isSet = LANE.compareAndSet(lanes, 0, 0L, 0L);
        long before = (long) LANE.getAndAdd(lanes, 0, 0L);
        assert isSet && before == 0;
    }

    /// {@return the word of a slot; see [#isBusy] and [#isSameMapping]}
    long word(int slot) {
        return (long) LANE.getAcquire(lanes, at(slot));
    }

    static boolean isBusy(long word) {
        return (word & BUSY) != 0;
    }

    static boolean isSameMapping(long word, long later) {
        return ((word ^ later) & (VERSION_MASK | BUSY)) == 0;
    }

    /// {@return true if a slot contains a part of the file of a table; valid if its word does not change meanwhile}
    boolean has(int slot, WindowTable table, long part) {
        return (long) LANE.getOpaque(lanes, at(slot) + OWNER) == table.owner(part);
    }

    /// Records an access. Racy on purpose: two concurrent accesses may count as one.
    void touched(int slot) {
        long use = (long) LANE.getOpaque(lanes, at(slot) + USE);
        if (use != USED) {
            LANE.setOpaque(lanes, at(slot) + USE, use == UNUSED ? ONCE : USED);
        }
    }

    /// Records that a slot is not needed any more.
    void leave(int slot) {
        LANE.setOpaque(lanes, at(slot) + USE, LEFT);
    }

    /// {@return true if a slot was left and not touched since}
    boolean isLeft(int slot) {
        return (long) LANE.getOpaque(lanes, at(slot) + USE) == LEFT;
    }

    /// Clears the used state of a slot.
    ///
    /// @return true if the slot was in use
    boolean wasUsed(int slot) {
        if ((long) LANE.getOpaque(lanes, at(slot) + USE) != USED) {
            return false;
        }
        LANE.setOpaque(lanes, at(slot) + USE, ONCE);
        return true;
    }

    /// {@return the mark of a slot: [#UNMARKED], [#ASIDE] or [#STACKED]}
    long mark(int slot) {
        return (long) LANE.getAcquire(lanes, at(slot) + MARK);
    }

    /// Changes the mark of a slot.
    ///
    /// @return true if it was `from` and is `to` now
    boolean tryMark(int slot, long from, long to) {
        return LANE.compareAndSet(lanes, at(slot) + MARK, from, to);
    }

    void unmark(int slot) {
        LANE.setVolatile(lanes, at(slot) + MARK, UNMARKED);
    }

    /// Keeps a slot from being recycled, if it contains a part of the file of a table.
    ///
    /// @return true if it does
    boolean tryPin(int slot, WindowTable table, long part) {
        int[] cells = slot < cellCount ? counts.enter() : null;
        if (cells == null) {
            return tryPinWord(slot, table, part);
        }
        int count = cells[BiasedSlot.FIRST + slot];
        boolean fits = count < MAX_COUNT;
        boolean isThere = fits && !isBusy(word(slot)) && has(slot, table, part);
        cells[BiasedSlot.FIRST + slot] = isThere ? count + 1 : count;
        BiasedSlots.exit(cells);
        return isThere || (!fits && tryPinWord(slot, table, part));
    }

    private boolean tryPinWord(int slot, WindowTable table, long part) {
        long word = word(slot);
        while (!isBusy(word) && has(slot, table, part)) {
            if (LANE.compareAndSet(lanes, at(slot), word, word + 1)) {
                return true;
            }
            word = word(slot);
        }
        return false;
    }

    /// Ends [#tryPin]; called by any thread.
    void unpin(int slot) {
        int[] cells = slot < cellCount ? counts.enter() : null;
        if (cells != null) {
            int count = cells[BiasedSlot.FIRST + slot];
            boolean fits = count > -MAX_COUNT;
            cells[BiasedSlot.FIRST + slot] = fits ? count - 1 : count;
            BiasedSlots.exit(cells);
            if (fits) {
                return;
            }
        }
        long ignored = (long) LANE.getAndAdd(lanes, at(slot), -1L);
    }

    /// Adds the counts of all threads to the words, so that the words contain all pins until [#resume].
    ///
    /// @return true if they do. If the kernel rejects the barrier, or a thread stays busy in its cells, the pins are
    ///     unknown, and [#resume] must not be called
    boolean tryCollectPins() {
        counts.suspend();
        boolean isCollected = false;
        try {
            isCollected = !counts.isUsed() || (BiasedSlots.barrier(memory) && addAllToWords());
        } finally {
            if (!isCollected) {
                counts.resume();
            }
        }
        return isCollected;
    }

    /// Waits for a thread that lost its processor while it counts: without its counts the pins are unknown.
    private boolean addAllToWords() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (counts.visit(this::addToWords) == 0) {
                return true;
            }
        }
        return false;
    }

    private void addToWords(BiasedSlot thread) {
        int[] cells = thread.cells();
        for (int slot = 0; slot < cellCount; slot++) {
            int count = cells[BiasedSlot.FIRST + slot];
            if (count != 0) {
                cells[BiasedSlot.FIRST + slot] = 0;
                long ignored = (long) LANE.getAndAdd(lanes, at(slot), (long) count);
            }
        }
    }

    /// Ends a successful [#tryCollectPins].
    void resume() {
        counts.resume();
    }

    /// {@return the number of pins of a slot; valid between [#tryCollectPins] and [#resume]}
    long pins(int slot) {
        return (word(slot) & PINS_MASK) - NO_PINS;
    }

    /// Makes a slot BUSY, unless it is BUSY or pinned; between [#tryCollectPins] and [#resume].
    ///
    /// @return true if the slot became BUSY
    boolean tryTake(int slot) {
        long word = word(slot);
        return !isBusy(word)
                && (word & PINS_MASK) == NO_PINS
                && LANE.compareAndSet(lanes, at(slot), word, ((word & VERSION_MASK) + ONE_VERSION) | BUSY | NO_PINS);
    }

    /// Opens a BUSY slot to all threads that find it.
    ///
    /// @param owner result of [WindowTable#owner]
    /// @param pins initial number of pins
    void open(int slot, long owner, int pins) {
        LANE.setOpaque(lanes, at(slot) + USE, UNUSED);
        LANE.setOpaque(lanes, at(slot) + OWNER, owner);
        long version = ((long) LANE.getOpaque(lanes, at(slot)) & VERSION_MASK) + ONE_VERSION;
        LANE.setRelease(lanes, at(slot), version | (NO_PINS + pins));
    }

    @Override
    public String toString() {
        return "SlotWords(" + counts + ")";
    }

    private static int at(int slot) {
        return (slot + 1) << LANE_POWER;
    }
}
