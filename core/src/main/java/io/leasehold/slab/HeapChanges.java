package io.leasehold.slab;

import io.leasehold.page.PageArena;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/// What changed in a heap since its reclaimer looked: a bit a size class, once for the clock and once for pressure.
///
/// A class without its bit has nothing to give back that it did not have at the last look, so it is not visited, and a
/// heap without any bit costs a few loads.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Memory order.** A bit is set after the change it stands for, and taken before the class is looked at.
final class HeapChanges {

    private static final int WORDS = Math.ceilDiv(SizeClasses.COUNT, Long.SIZE);

    private final String name; // (C) of the heap
    private final PageArena arena; // (C) by whose clock the heap decays
    private final AtomicLongArray sinceDecay = new AtomicLongArray(WORDS); // (A)
    private final AtomicLongArray sinceShrink = new AtomicLongArray(WORDS); // (A)
    final ReclaimWork work = new ReclaimWork(); // (C)
    private final AtomicInteger openSlots = new AtomicInteger(); // (A) whose magazines may have blocks
    private final AtomicInteger freeing = new AtomicInteger(); // (A) threads that free slabs without a lock

    HeapChanges(String name, PageArena arena) {
        this.name = name;
        this.arena = arena;
    }

    /// Notes that blocks of a class were freed into its depot or slabs.
    void mark(int sizeClass) {
        set(sinceDecay, sizeClass);
        set(sinceShrink, sizeClass);
        arena.requestDecay();
    }

    /// Notes that a class could not be shrunk now.
    void markForShrink(int sizeClass) {
        set(sinceShrink, sizeClass);
    }

    /// Notes that a thread opened its slot, whose magazines are flushed in the next tick. The thread calls this before
    /// it leaves the slot, so that a flush visits the slot.
    ///
    /// @param wasShut false if the slot was open already
    void noteOpened(boolean wasShut) {
        if (wasShut) {
            openSlots.incrementAndGet();
            arena.requestDecay();
        }
    }

    /// Notes that a slot was shut.
    void noteShut() {
        openSlots.decrementAndGet();
    }

    /// {@return true if a magazine may have a block}
    boolean hasOpenSlots() {
        return openSlots.get() > 0;
    }

    /// {@return true if a class has changed since the last shrink}
    boolean hasChangedSinceShrink() {
        long any = 0;
        for (int i = 0; i < WORDS; i++) {
            any |= sinceShrink.get(i);
        }
        return any != 0;
    }

    /// Takes the classes that changed since the last call.
    ///
    /// @param into gets the classes, beside those that it has
    void takeSinceDecay(BitSet into) {
        take(sinceDecay, into);
    }

    /// Takes the classes that changed since the last call.
    ///
    /// @param into gets the classes, beside those that it has
    void takeSinceShrink(BitSet into) {
        take(sinceShrink, into);
    }

    /// Notes that the calling thread begins to free slabs that it took out.
    void beginFreeing() {
        freeing.incrementAndGet();
    }

    void endFreeing() {
        freeing.decrementAndGet();
    }

    /// {@return true if slabs that were taken out are not free yet}
    boolean isFreeing() {
        return freeing.get() > 0;
    }

    IllegalStateException closed() {
        return new IllegalStateException("heap is closed: heap=" + name);
    }

    private static void set(AtomicLongArray words, int sizeClass) {
        int word = sizeClass >>> 6;
        long bit = 1L << sizeClass;
        long before = words.get(word);
        while ((before & bit) == 0 && !words.compareAndSet(word, before, before | bit)) {
            before = words.get(word);
        }
    }

    private static void take(AtomicLongArray from, BitSet into) {
        for (int i = 0; i < WORDS; i++) {
            long bits = from.get(i) == 0 ? 0 : from.getAndSet(i, 0);
            for (; bits != 0; bits &= bits - 1) {
                into.set(i * Long.SIZE + Long.numberOfTrailingZeros(bits));
            }
        }
    }

    @Override
    public String toString() {
        return "heap " + name;
    }
}
