package io.leasehold.slab;

import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.ArenaServices;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/// The size classes that changed since the reclaimer visited them: one bit for each class, once for decay and once for
/// memory pressure.
///
/// A class without its bit has nothing new to free since the last visit. So it is not visited, and a heap without any
/// bit costs a few loads.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Memory order.** A bit is set by a compare-and-set after the change, and cleared by a `getAndSet` before the class
/// is visited. So a change is seen by this visit, or its bit is still set for the next one.
final class HeapChanges {

    private static final int WORDS = Math.ceilDiv(SizeClasses.COUNT, Long.SIZE);

    private final String name; // (C) of the heap
    private final ArenaServices services; // (C) of the arena; its maintenance thread runs the decay
    private final AtomicLongArray sinceDecay = new AtomicLongArray(WORDS); // (A)
    private final AtomicLongArray sinceShrink = new AtomicLongArray(WORDS); // (A)
    final ReclaimWork work = new ReclaimWork(); // (C)
    private final AtomicInteger openSlots = new AtomicInteger(); // (A) number of slots whose magazines may have blocks
    private final AtomicInteger freeing = new AtomicInteger(); // (A) threads that free removed slabs without a lock

    HeapChanges(String name, PageArena arena) {
        this.name = name;
        this.services = ArenaAccess.of(arena);
    }

    /// {@return the seam for system calls, for barriers}
    VirtualMemory virtualMemory() {
        return services.virtualMemory();
    }

    /// Records that blocks of a class were freed into its depot or slabs.
    void mark(int sizeClass) {
        set(sinceDecay, sizeClass);
        set(sinceShrink, sizeClass);
        services.requestDecay();
    }

    /// Records that a class still has memory to free under pressure.
    void markForShrink(int sizeClass) {
        set(sinceShrink, sizeClass);
    }

    /// Counts a slot that a thread opened. The thread calls this before it leaves the slot, so that a flush visits the
    /// slot, and [#requestDecay] or [#requestDecayIf] afterwards, because that may start a thread.
    ///
    /// @param wasShut false if the slot was open already
    /// @return `wasShut`
    boolean noteOpened(boolean wasShut) {
        if (wasShut) {
            openSlots.incrementAndGet();
        }
        return wasShut;
    }

    /// Requests a tick, because a thread took blocks from the depot or the slabs. The tick flushes the slot, and shows
    /// the new numbers. Costs one volatile load unless the arena rests.
    void requestDecay() {
        services.requestDecay();
    }

    /// Requests that the next tick flushes a slot.
    ///
    /// @param isOpened result of [#noteOpened]
    void requestDecayIf(boolean isOpened) {
        if (isOpened) {
            services.requestDecay();
        }
    }

    /// Records that a slot was shut.
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

    /// Collects and clears the classes that changed since the last call.
    ///
    /// @param into set to which the classes are added
    void takeSinceDecay(BitSet into) {
        take(sinceDecay, into);
    }

    /// Collects and clears the classes that changed since the last call.
    ///
    /// @param into set to which the classes are added
    void takeSinceShrink(BitSet into) {
        take(sinceShrink, into);
    }

    /// Records that the calling thread begins to free slabs that it removed.
    void beginFreeing() {
        freeing.incrementAndGet();
    }

    void endFreeing() {
        freeing.decrementAndGet();
    }

    /// {@return true if removed slabs are not freed yet}
    boolean isFreeing() {
        return freeing.get() > 0;
    }

    /// {@return the exception for using a closed heap}
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
        return "heap=" + name;
    }
}
