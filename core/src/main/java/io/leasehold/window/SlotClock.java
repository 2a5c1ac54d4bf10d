package io.leasehold.window;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// The order in which slots are recycled: a ring with a clock hand that gives used slots a second chance.
///
/// ```text
///                   add, behind the hand
///   mapped ------------------------------> ring ---- the hand: not pinned, not used since its last pass ---> taken
///     | pinned                              ^  |
///     v                                     |  | the hand: pinned
///   set aside <-----------------------------|--+
///     |                                     |
///     +--- the end of a pin ---> stacked ---+ takeIn, at each mapping and before each search
/// ```
///
/// The hand meets a pinned slot once: the slot leaves the ring, and the thread that ends its pin puts the slot onto a
/// stack. So a search looks only at slots that were used or released since the last search, however many are pinned.
///
/// **Threads.** [#unpinned] and [#left] by any thread, lock-free; the rest guarded by the lock of the [WindowPool].
///
/// **Memory order.** [#setAside] sets the mark and then reads the pins. A thread ends its pin and then reads the mark.
/// Both steps are ordered. For pins in words both have a full fence. For pins in cells, the mark is set before
/// [SlotWords#resume], which the thread that enters its cells acquires. The stack is released by [#push] and acquired
/// by [#takeIn]. `WindowWaiterStress` tests the mark.
///
/// **Invariants.** I5: a slot that is not BUSY is in the ring, or its mark is ASIDE or STACKED.
final class SlotClock {

    /// Maximum number of slots to look at while the lock is held.
    static final int STEP = 128;

    private static final int NONE = SlotLinks.NONE;

    private static final VarHandle STACK_TOP;

    static {
        try {
            STACK_TOP = MethodHandles.lookup()
                    .findVarHandle(SlotClock.class, "stackTop", int.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SlotWords words; // (C)
    private final SlotLinks ring; // (L)
    private final int[] below; // (A) by the thread that pushes the slot, then (L)
    private int hand = NONE; // (L) the slot to look at next
    private int incoming = NONE; // (L) slots taken off the stack, the oldest first
    private long looks; // (L) number of slots looked at

    @SuppressWarnings("UnusedVariable") // written through STACK_TOP
    private volatile int stackTop = NONE; // (A) the top of the stack

    /// @param count number of slots; none is in the ring at first
    SlotClock(SlotWords words, int count) {
        this.words = words;
        this.ring = new SlotLinks(count);
        this.below = new int[count];
        linkCalls();
    }

    /// Makes each kind of access once. The first one needs Java heap, which may be full when a slot is recycled.
    private void linkCalls() {
        int top = (int) STACK_TOP.compareAndExchange(this, NONE, (int) STACK_TOP.getOpaque(this));
        int same = (int) STACK_TOP.getAndSet(this, NONE);
        assert top == NONE && same == NONE;
    }

    /// Adds a mapped slot, which the hand meets last.
    void add(int slot) {
        hand = ring.addLast(hand, slot);
    }

    /// Parks a slot that was mapped and is pinned. The end of the pin adds it.
    void addPinned(int slot) {
        // the slot may still be on the stack since a pin of its last mapping, which adds it as well
        words.tryMark(slot, SlotWords.UNMARKED, SlotWords.ASIDE);
    }

    /// Removes a slot that was taken otherwise than by [#sweep].
    void remove(int slot) {
        if (ring.contains(slot)) {
            hand = ring.remove(hand, slot);
        }
        words.tryMark(slot, SlotWords.ASIDE, SlotWords.UNMARKED);
    }

    /// Puts a slot that was set aside onto the stack, after the end of a pin.
    void unpinned(int slot) {
        if (words.mark(slot) == SlotWords.ASIDE && words.tryMark(slot, SlotWords.ASIDE, SlotWords.STACKED)) {
            push(slot);
        }
    }

    /// Puts a slot onto the stack that is to be recycled before all others, after [SlotWords#leave].
    void left(int slot) {
        long mark = words.mark(slot);
        if (mark != SlotWords.STACKED && words.tryMark(slot, mark, SlotWords.STACKED)) {
            push(slot);
        } else {
            unpinned(slot); // set aside in between
        }
    }

    private void push(int slot) {
        int top = (int) STACK_TOP.getOpaque(this);
        while (true) {
            below[slot] = top;
            int witness = (int) STACK_TOP.compareAndExchange(this, top, slot);
            if (witness == top) {
                return;
            }
            top = witness;
        }
    }

    /// {@return true if no slot is known that a search could take}
    boolean isEmpty() {
        return hand == NONE && incoming == NONE && stackTop == NONE;
    }

    /// {@return true if a slot is in the ring}
    boolean hasNext() {
        return hand != NONE;
    }

    /// {@return number of slots that were looked at; tests count work by it}
    long looks() {
        return looks;
    }

    /// Looks at up to [#STEP] slots and takes those that have no pins. Called while pins are collected.
    ///
    /// @param victims receives the slots that are taken; its first `taken` elements are set
    /// @param spares true if slots that were used since the last pass get a second chance
    /// @return number of elements of `victims` that are set
    int sweep(int[] victims, int taken, boolean spares) {
        int count = taken;
        for (int i = 0; i < STEP && count < victims.length && hand != NONE; i++) {
            int slot = hand;
            looks++;
            if (words.pins(slot) > 0) {
                setAside(slot);
            } else if (words.wasUsed(slot) && spares) {
                hand = ring.next(slot);
            } else if (words.tryTake(slot)) {
                hand = ring.remove(slot, slot);
                victims[count++] = slot;
            } else {
                hand = ring.next(slot); // pinned just now
            }
        }
        return count;
    }

    /// Takes a pinned slot out of the ring until a pin of it ends.
    private void setAside(int slot) {
        hand = ring.remove(slot, slot);
        boolean isSetAside = words.tryMark(slot, SlotWords.UNMARKED, SlotWords.ASIDE);
        if (isSetAside && words.pins(slot) == 0 && words.tryMark(slot, SlotWords.ASIDE, SlotWords.UNMARKED)) {
            add(slot); // the pin ended before its thread could see the mark
        }
    }

    /// Adds slots from the stack to the ring.
    ///
    /// @param max maximum number of slots
    /// @return true if there are more
    boolean takeIn(int max) {
        if (incoming == NONE && stackTop != NONE) {
            incoming = reversed((int) STACK_TOP.getAndSet(this, NONE));
        }
        for (int i = 0; i < max && incoming != NONE; i++) {
            int slot = incoming;
            incoming = below[slot];
            words.unmark(slot);
            if (SlotWords.isBusy(words.word(slot))) {
                continue;
            }
            boolean isLeft = words.isLeft(slot);
            if (isLeft && ring.contains(slot)) {
                hand = ring.remove(hand, slot);
            }
            if (!ring.contains(slot)) {
                add(slot);
                hand = isLeft ? slot : hand;
            }
        }
        return incoming != NONE;
    }

    private int reversed(int top) {
        int before = NONE;
        for (int slot = top; slot != NONE; ) {
            int after = below[slot];
            below[slot] = before;
            before = slot;
            slot = after;
        }
        return before;
    }

    void checkInvariants(int slot) {
        boolean isKnown = ring.contains(slot) || words.mark(slot) != SlotWords.UNMARKED;
        boolean isBusy = SlotWords.isBusy(words.word(slot));
        if (isBusy ? ring.contains(slot) : !isKnown) {
            throw new AssertionError("I5: slot=" + slot + ", isBusy=" + isBusy + ", inRing=" + ring.contains(slot)
                    + ", mark=" + words.mark(slot));
        }
    }

    @Override
    public String toString() {
        return "SlotClock(hand=" + hand + ", looks=" + looks + ")";
    }
}
