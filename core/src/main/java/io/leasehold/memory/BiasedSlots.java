package io.leasehold.memory;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Per-thread state that a reclaimer can access too. A platform thread claims a slot at its first entry, if one of a
/// few candidates is free. All other threads use shared slots.
///
/// ```text
///   slots   | claimed by platform threads, found by thread id | shared by all others |
///
///   owner                              reclaimer
///     busy = 1                           suspend: shut the gate
///     (nothing)                          barrier in every running thread
///     gate open ? work : leave           visit: wait until no slot is busy, then work on all of them
///     busy = 0                           resume: open the gate
/// ```
///
/// A slot is a lock biased towards its thread. Its revocation is [#suspend], the barrier and [#visit]. Either the
/// reclaimer sees the owner's `busy`, or the owner sees the shut gate. This is Dekker's handshake with its whole cost
/// on the rare side ([io.leasehold.os.VirtualMemory#barrier]). On systems without such a barrier the gate has the bit
/// `FENCED`, and the owner executes a fence at each entry. Shared slots are entered by compare-and-set.
///
/// **Threads.** Any thread may call [#enter], [#exit], [#suspend] and [#resume], which never block. The caller of
/// [#visit] holds a lock of its own. A thread inside a slot must not take that lock.
///
/// **Footprint.** At most [#slotCount()] slots, for any number of threads. Platform threads beyond that use the shared
/// slots of the virtual threads. A slot is created when it is first claimed.
///
/// **Memory order.** The store `busy = 0` (release) is paired with the reclaimer's acquire load of `busy`. The opening
/// of the gate (volatile) is paired with the owner's load of the gate. Test: `BiasedSlotStress`.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/membarrier.2.html">membarrier(2)</a>
public final class BiasedSlots {

    /// Index of the `busy` cell. A thread whose stack is too full to call [#exit] sets this cell to 0 instead, after a
    /// volatile store.
    public static final int BUSY = BiasedSlot.BUSY;

    private static final int MIN_OWN_SLOTS = 64;
    private static final int MAX_OWN_SLOTS = 512;
    private static final int PROBES = 4;

    /// Maximum time that a reclaimer waits for one busy slot. An owner is inside for some ten nanoseconds, so a longer
    /// wait means that the owner lost its core. After this time the slot is skipped until the next visit.
    private static final long PATIENCE_NANOS = 50_000_000;

    private static final long LOOK_AGAIN_NANOS = 5_000;

    /// Bit of the gate: owners must execute a fence.
    private static final int FENCED = 1 << 30;

    private static final VarHandle SLOT =
            MethodHandles.arrayElementVarHandle(BiasedSlot[].class).withInvokeExactBehavior();

    private static final VarHandle GATE;

    static {
        EarlyClasses.initialize(BiasedSlot.class);
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
    private volatile int gate; // (A) number of suspensions, plus FENCED where there is no barrier

    /// Creates slots, in a number that suits this machine.
    ///
    /// @param cellCount number of ints in each slot, from [BiasedSlot#FIRST] on, initially zero
    /// @param fenced true if the system has no barrier for reclaimers, so that owners must execute a fence
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

    /// {@return slots whose reclaimer calls [#barrier]}
    ///
    /// @param cellCount number of ints in each slot, as for the constructor
    /// @param memory the argument of [#barrier]; if it has no barrier, owners execute a fence
    public static BiasedSlots of(int cellCount, VirtualMemory memory) {
        return new BiasedSlots(cellCount, !memory.can(Capability.BARRIER));
    }

    /// {@return the maximum number of slots}
    public int slotCount() {
        return owned.length + shared.length;
    }

    /// Enters the slot of the calling thread, or a shared slot.
    ///
    /// @return the cells of the slot, for use from [BiasedSlot#FIRST] on; the caller calls [#exit] after at most a few
    ///     stores. Or null if no slot is available now
    public int @Nullable [] enter() {
        long thread = Thread.currentThread().threadId();
        @Nullable BiasedSlot[] all = owned;
        BiasedSlot slot = all[(int) thread & (all.length - 1)];
        return slot != null && slot.isOwn(thread) ? enterOwn(slot.cells()) : enterElsewhere(thread);
    }

    /// Enters the slot of the calling thread if that takes no more than a few instructions. A shorter form of [#enter],
    /// for fast paths whose slow path calls [#enter].
    ///
    /// @return the cells of the slot, as from [#enter], or null if the slot is elsewhere, the gate is shut, or this
    ///     system needs fences
    public int @Nullable [] tryEnterFast() {
        long thread = Thread.currentThread().threadId();
        @Nullable BiasedSlot[] all = owned;
        BiasedSlot slot = all[(int) thread & (all.length - 1)];
        if (slot == null || !slot.isOwn(thread)) {
            return null;
        }
        int[] cells = slot.cells();
        BiasedSlot.enter(cells);
        if (gate != 0) {
            cells[BUSY] = 0; // not a call, which could overflow the stack
            return null;
        }
        return cells;
    }

    /// Leaves a slot.
    ///
    /// @param cells result of [#enter]
    public static void exit(int[] cells) {
        BiasedSlot.leave(cells);
    }

    private int @Nullable [] enterOwn(int[] cells) {
        BiasedSlot.enter(cells);
        if (gate == 0) {
            return cells;
        }
        cells[BUSY] = 0; // the next call may overflow the stack
        return enterFenced(cells);
    }

    private int @Nullable [] enterFenced(int[] cells) {
        boolean isDone = false;
        try {
            BiasedSlot.enter(cells);
            if ((gate & FENCED) != 0) {
                VarHandle.fullFence();
            }
            int @Nullable [] entered = unlessShut(cells);
            isDone = true;
            return entered;
        } finally {
            if (!isDone) {
                cells[BUSY] = 0; // stack overflow; nothing in the slot was changed
            }
        }
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
        if (owner != 0 || FullHeap.isLikely()) {
            return owner == thread;
        }
        long begin = System.nanoTime();
        try {
            return slot.claim(thread);
        } catch (OutOfMemoryError e) {
            FullHeap.met(begin);
            return false; // the caller uses a shared slot instead
        }
    }

    /// Shuts the gate: no thread enters a slot until [#resume]. Calls nest. Slots may still be busy when this returns.
    public void suspend() {
        int before = (int) GATE.getAndAdd(this, 1);
        if ((before & FENCED) != 0) {
            VarHandle.fullFence(); // paired with the fence of owners; there is no barrier then
        }
    }

    /// Ends one [#suspend]. The last one opens the gate.
    public void resume() {
        int ignored = (int) GATE.getAndAdd(this, -1);
    }

    /// Executes a barrier on every running thread. Afterwards each thread sees the gate that [#suspend] shut, or is
    /// seen inside its slot. On systems without a barrier this does nothing, because the owners execute a fence.
    ///
    /// @param memory system calls
    /// @return false if the system call failed; the caller must not use any slot then
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

    /// Passes every slot to `visitor`. The caller has called [#suspend] and [#barrier] before, and calls [#resume]
    /// afterwards. Slots of dead threads become free.
    ///
    /// @param visitor may use the cells as an owner may
    /// @return number of slots that were skipped because they stayed busy for too long
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

    /// {@return true if a slot was ever used}
    ///
    /// If this is false after [#suspend], no thread enters a slot before [#resume], and there is nothing to visit.
    public boolean isUsed() {
        VarHandle.fullFence(); // paired with the compare-and-set that creates the first slot
        boolean isUsed = false;
        for (int i = 0; i < slotCount() && !isUsed; i++) {
            isUsed = slot(i) != null;
        }
        return isUsed;
    }

    /// {@return true if no thread is in a slot}
    ///
    /// After [#suspend] and a barrier, no thread enters a slot until [#resume].
    public boolean isQuiet() {
        boolean isBusy = false;
        for (int i = 0; i < slotCount() && !isBusy; i++) {
            BiasedSlot slot = slot(i);
            isBusy = slot != null && slot.isBusy();
        }
        return !isBusy;
    }

    /// Passes every slot to `reader`, without suspension. The values may be stale.
    ///
    /// @param reader calls only [BiasedSlot#peek] on the slot
    public void forEach(Consumer<BiasedSlot> reader) {
        for (int i = 0; i < slotCount(); i++) {
            BiasedSlot slot = slot(i);
            if (slot != null) {
                reader.accept(slot);
            }
        }
    }

    /// {@return a slot to be read with [BiasedSlot#peek] only, or null if it was never used}
    ///
    /// @param index index of the slot, from 0 to `slotCount() - 1`
    public @Nullable BiasedSlot slot(int index) {
        return index < owned.length
                ? (BiasedSlot) SLOT.getAcquire(owned, index)
                : (BiasedSlot) SLOT.getAcquire(shared, index - owned.length);
    }

    @Override
    public String toString() {
        return format(
                "BiasedSlots(owned=%d, shared=%d, cells=%d, revoked=%d)",
                owned.length, shared.length, cellCount, gate & ~FENCED);
    }

    /// {@return a slot, created at its first use, or null if the Java heap is full}
    ///
    /// If a reclaimer found that the slot does not exist, a thread that creates it later sees the shut gate, because
    /// its compare-and-set comes later.
    private @Nullable BiasedSlot slot(@Nullable BiasedSlot[] slots, int index) {
        BiasedSlot slot = (BiasedSlot) SLOT.getAcquire(slots, index);
        if (slot != null) {
            return slot;
        }
        if (FullHeap.isLikely()) {
            return null;
        }
        BiasedSlot made;
        long begin = System.nanoTime();
        try {
            made = new BiasedSlot(new int[BiasedSlot.FIRST + cellCount]);
        } catch (OutOfMemoryError e) {
            FullHeap.met(begin);
            return null;
        }
        return SLOT.compareAndSet(slots, index, (BiasedSlot) null, made)
                ? made
                : (BiasedSlot) SLOT.getAcquire(slots, index);
    }

    /// Waits until a slot is not busy. After the barrier a slot that was seen idle stays idle, because a thread that
    /// enters it later sees the shut gate.
    ///
    /// @return false if the slot stayed busy for `PATIENCE_NANOS`
    private static boolean awaitIdle(BiasedSlot slot) {
        if (!slot.isBusy()) {
            return true;
        }
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (slot.isBusy()) {
            if (slot.isOwnerDead()) {
                return true; // its stack overflowed in exit; all its stores are visible here
            }
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            if (Thread.currentThread().isVirtual()) {
                VirtualMemory.system().yieldProcessor(); // a parked one would be requeued last, with the gate shut
            } else {
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            }
        }
        return true;
    }
}
