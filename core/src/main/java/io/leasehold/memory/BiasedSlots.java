package io.leasehold.memory;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// State that threads keep for themselves, and that somebody else can nevertheless get at: a slot for each platform
/// thread and a few that all others share.
///
/// ```text
///   slots   | claimed by platform threads, found by thread id | shared by all others |
///
///   owner                              reclaimer
///     busy = 1                           suspend: shut the gate
///     (nothing)                          barrier in every running thread
///     gate open ? work : go away         visit: wait until no slot is busy, then work on all of them
///     busy = 0                           resume: open it
/// ```
///
/// A slot is a lock biased towards its thread. Either the owner's `busy` is seen, or the owner sees the gate shut:
/// Dekker's handshake with its whole cost on the rare side ([io.leasehold.os.VirtualMemory#barrier]). Where the
/// system has no such barrier the gate is never quite open, and the owner pays a fence. Shared slots are entered by
/// compare-and-set instead.
///
/// **Threads.** [#enter] to [#exit], [#suspend] and [#resume] by any thread, never blocking; [#visit] under one lock of
/// the user's, which therefore is never taken in a slot.
///
/// **Footprint.** At most [#slotCount()] slots, whatever the number of threads: later platform threads share the slots
/// of the virtual ones. A slot is made when it is first claimed.
///
/// **Memory order.** `busy = 0` (release) is paired with the reclaimer's acquire of it, the opening of the gate
/// (volatile) with the owner's read of it.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/membarrier.2.html">membarrier(2)</a>
public final class BiasedSlots {

    /// The cell to set to 0 for a thread that has no room on its stack to call [#exit]. A volatile store goes first.
    public static final int BUSY = BiasedSlot.BUSY;

    private static final int MIN_OWN_SLOTS = 64;
    private static final int MAX_OWN_SLOTS = 512;
    private static final int PROBES = 4;

    /// How long a reclaimer waits for one busy slot. Its owner works for some ten nanoseconds, so a longer wait means
    /// that it lost its core; after this its slot stays as it is until the next time.
    private static final long PATIENCE_NANOS = 50_000_000;

    private static final long LOOK_AGAIN_NANOS = 5_000;

    /// Part of the gate.
    private static final int FENCED = 1 << 30;

    private static final VarHandle SLOT =
            MethodHandles.arrayElementVarHandle(BiasedSlot[].class).withInvokeExactBehavior();

    private static final VarHandle GATE;

    static {
        try {
            GATE = MethodHandles.lookup()
                    .findVarHandle(BiasedSlots.class, "gate", int.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final @Nullable BiasedSlot[] owned; // (A) each set once; a power of two
    private final @Nullable BiasedSlot[] shared; // (A) each set once; a power of two
    private final int cellCount; // (C)

    @SuppressWarnings("UnusedVariable") // also changed through GATE
    private volatile int gate; // (A) how many want all slots, and whether owners pay a fence; 0 is open

    /// Makes slots for this machine.
    ///
    /// @param cellCount ints in each slot, from [BiasedSlot#FIRST] on, all zero at first
    /// @param fenced whether there is no barrier that a reclaimer could use
    public BiasedSlots(int cellCount, boolean fenced) {
        int cpus = Runtime.getRuntime().availableProcessors();
        int own = (int) Alignment.powerOfTwoFrom(Math.clamp(8L * cpus, MIN_OWN_SLOTS, MAX_OWN_SLOTS));
        this(own, (int) Alignment.powerOfTwoFrom(2L * cpus), cellCount, fenced);
    }

    BiasedSlots(int owned, int shared, int cellCount, boolean fenced) {
        this.owned = new BiasedSlot[owned];
        this.shared = new BiasedSlot[shared];
        this.gate = fenced ? FENCED : 0;
        this.cellCount = cellCount;
    }

    /// {@return how many slots there can be}
    public int slotCount() {
        return owned.length + shared.length;
    }

    /// Enters the slot of the calling thread, or one that it may share.
    ///
    /// @return what it holds, from [BiasedSlot#FIRST] on, to be left with [#exit] after no more than a few stores; or
    ///     null if there is none now
    public int @Nullable [] enter() {
        long thread = Thread.currentThread().threadId();
        @Nullable BiasedSlot[] all = owned;
        BiasedSlot slot = all[(int) thread & (all.length - 1)];
        return slot != null && slot.isOwn(thread) ? enterOwn(slot.cells()) : enterElsewhere(thread);
    }

    /// Leaves a slot.
    ///
    /// @param cells from [#enter]
    public static void exit(int[] cells) {
        BiasedSlot.leave(cells);
    }

    private int @Nullable [] enterOwn(int[] cells) {
        BiasedSlot.enter(cells);
        if (gate == 0) {
            return cells;
        }
        boolean isDone = false;
        try {
            int @Nullable [] entered = enterFenced(cells);
            isDone = true;
            return entered;
        } finally {
            if (!isDone) {
                cells[BUSY] = 0; // the stack had no room for a call, and nothing in the slot was changed
            }
        }
    }

    private int @Nullable [] enterFenced(int[] cells) {
        if ((gate & FENCED) != 0) {
            VarHandle.fullFence();
        }
        return unlessShut(cells);
    }

    private int @Nullable [] unlessShut(int[] cells) {
        if ((gate & ~FENCED) == 0) {
            return cells;
        }
        exit(cells);
        return null;
    }

    private int @Nullable [] enterElsewhere(long thread) {
        if (!Thread.currentThread().isVirtual()) {
            for (int probe = 0; probe < PROBES; probe++) {
                BiasedSlot slot = slot(owned, (int) (thread + probe) & (owned.length - 1));
                if (slot != null && isOrBecomesOwn(slot, thread)) {
                    return enterOwn(slot.cells());
                }
            }
        }
        for (int probe = 0; probe < shared.length; probe++) {
            BiasedSlot slot = slot(shared, (int) (thread + probe) & (shared.length - 1));
            if (slot != null && BiasedSlot.tryEnter(slot.cells())) {
                return unlessShut(slot.cells());
            }
        }
        return null;
    }

    private static boolean isOrBecomesOwn(BiasedSlot slot, long thread) {
        long owner = slot.owner();
        try {
            return owner == thread || (owner == 0 && slot.claim(thread));
        } catch (OutOfMemoryError e) {
            return false; // a shared slot does as well
        }
    }

    /// Keeps every thread out of the slots until [#resume]; calls nest. Slots may still be busy when this returns.
    public void suspend() {
        int before = (int) GATE.getAndAdd(this, 1);
        if ((before & FENCED) != 0) {
            VarHandle.fullFence(); // pairs with that of the owners, where there is no barrier to come
        }
    }

    /// Ends [#suspend].
    public void resume() {
        int ignored = (int) GATE.getAndAdd(this, -1);
    }

    /// Has every running thread see the gate that [#suspend] shut, or be seen in its slot. Where the system has no
    /// barrier the owners pay a fence, and nothing is left to do.
    ///
    /// @param memory the system
    /// @return false if the kernel refuses; then no slot may be touched
    public static boolean barrier(VirtualMemory memory) {
        try {
            if (memory.can(Capability.BARRIER)) {
                memory.barrier();
            }
            return true;
        } catch (SystemCallException e) {
            return false;
        }
    }

    /// Shows every slot to `visitor`, between [#suspend] and a barrier before, and [#resume] after. Slots of dead
    /// threads become free.
    ///
    /// @param visitor may do with the cells as an owner may
    /// @return how many slots stayed busy for too long and were left alone
    public int visit(Consumer<BiasedSlot> visitor) {
        int leftAlone = 0;
        for (int i = 0; i < slotCount(); i++) {
            BiasedSlot slot = slot(i);
            if (slot != null && awaitIdle(slot)) {
                visitor.accept(slot);
                slot.forgetDead();
            } else if (slot != null) {
                leftAlone++;
            }
        }
        return leftAlone;
    }

    /// {@return whether anybody has ever been in a slot; if not, after [#suspend], nobody gets into one before
    /// [#resume], and there is nothing to visit}
    public boolean isUsed() {
        VarHandle.fullFence(); // pairs with the compare-and-set by which the first slot is made
        boolean isUsed = false;
        for (int i = 0; i < slotCount() && !isUsed; i++) {
            isUsed = slot(i) != null;
        }
        return isUsed;
    }

    /// {@return whether nobody is in a slot; after [#suspend] and a barrier nobody will be from then on}
    public boolean isQuiet() {
        boolean isBusy = false;
        for (int i = 0; i < slotCount() && !isBusy; i++) {
            BiasedSlot slot = slot(i);
            isBusy = slot != null && slot.isBusy();
        }
        return !isBusy;
    }

    /// Shows every slot as it is at some moment, to be read with [BiasedSlot#peek] only.
    ///
    /// @param reader changes nothing
    public void forEach(Consumer<BiasedSlot> reader) {
        for (int i = 0; i < slotCount(); i++) {
            BiasedSlot slot = slot(i);
            if (slot != null) {
                reader.accept(slot);
            }
        }
    }

    /// {@return a slot to be read as [#forEach] does, without an object for the reader, or null if it was never used}
    ///
    /// @param index of the slot, below [#slotCount]
    public @Nullable BiasedSlot slot(int index) {
        return index < owned.length
                ? (BiasedSlot) SLOT.getAcquire(owned, index)
                : (BiasedSlot) SLOT.getAcquire(shared, index - owned.length);
    }

    @Override
    public String toString() {
        return "BiasedSlots(owned=%d, shared=%d, cells=%d, revoked=%d)"
                .formatted(owned.length, shared.length, cellCount, gate & ~FENCED);
    }

    /// {@return a slot, made if it is not there, or null if the Java heap has no room for it: a thread can do without}
    /// A thread that makes a slot which a reclaimer has looked for in vain sees the gate, as its compare-and-set comes
    /// later.
    private @Nullable BiasedSlot slot(@Nullable BiasedSlot[] slots, int index) {
        BiasedSlot slot = (BiasedSlot) SLOT.getAcquire(slots, index);
        if (slot != null) {
            return slot;
        }
        BiasedSlot made;
        try {
            made = new BiasedSlot(new int[BiasedSlot.FIRST + cellCount]);
        } catch (OutOfMemoryError e) {
            return null;
        }
        return SLOT.compareAndSet(slots, index, (BiasedSlot) null, made)
                ? made
                : (BiasedSlot) SLOT.getAcquire(slots, index);
    }

    /// Once a slot is seen idle after the barrier it stays so, since whoever enters it from then on sees the gate.
    private static boolean awaitIdle(BiasedSlot slot) {
        if (!slot.isBusy()) {
            return true;
        }
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (slot.isBusy()) {
            if (slot.isOwnerDead()) {
                return true; // its stack overflowed when it left, and it left no store behind that is not seen here
            }
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            if (Thread.currentThread().isVirtual()) {
                VirtualMemory.system().yieldProcessor(); // a parked one would go behind all others, with the slots shut
            } else {
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            }
        }
        return true;
    }
}
