package io.leasehold.page;

import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Small stacks of free runs, one set for each platform thread and a few shared ones for virtual threads.
///
/// ```text
///   slots   | claimed by platform threads, found by thread id | shared by all others |
///   class c holds runs of 2^c pages, c = 0 to 4
///
///   owner                              reclaimer
///     busy = 1                           revoked = 1
///     (nothing)                          barrier in every running thread
///     revoked == 0 ? work : go away      wait until no slot is busy, then work on all of them
///     busy = 0                           revoked = 0
/// ```
///
/// A slot is a lock biased towards its thread. Either the owner's `busy` is seen, or the owner sees `revoked`:
/// Dekker's handshake with its whole cost on the rare side ([io.leasehold.os.VirtualMemory#barrier]). Where the
/// system has no such barrier the owner pays a fence. Shared slots are entered by compare-and-set instead.
///
/// **Threads.** [#enter] to [MagazineSlot#exit] by any thread, never blocking; the rest under the lock of
/// [FrameAllocator], which therefore is never taken between the two.
///
/// **Footprint.** At most [#slotCount()] slots of at most [#MAX_CLASS_BYTES] a class, whatever the number of threads:
/// later platform threads share the slots of the virtual ones. Reclaiming at each decay brings idle magazines home.
///
/// **Memory order.** `busy = 0` (release) is paired with the reclaimer's acquire of it, `revoked = 0` (volatile) with
/// the owner's read of it.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/membarrier.2.html">membarrier(2)</a>; magazines: Bonwick and
///     Adams, "Magazines and Vmem", USENIX 2001
final class Magazines {

    static final int MAX_RUN = 1 << (MagazineSlot.CLASSES - 1);

    /// What one class of one slot may hold: a burst of reads of one event loop, and 640 KiB a thread in all.
    static final int MAX_CLASS_BYTES = 128 << 10;

    /// A small arena keeps at most this part of its pages in one stack.
    private static final int MIN_STACKS_PER_ARENA = 16;

    private static final int PROBES = 4;

    /// How long a reclaimer waits for one busy slot. Its owner works for some ten nanoseconds, so a longer wait means
    /// that it lost its core; after this its pages stay where they are until the next time.
    private static final long PATIENCE_NANOS = 50_000_000;

    private static final long LOOK_AGAIN_NANOS = 5_000;

    private final MagazineSlot[] slots; // (C) the claimable ones first
    private final int claimable; // (C) a power of two
    private final int shared; // (C) a power of two
    private final boolean fenced; // (C) owners pay for the fence
    private final int[] capacities = new int[MagazineSlot.CLASSES]; // (C)
    private volatile int revoked; // (A) how many reclaimers and waiters want all pages; written under the lock

    Magazines(int claimable, int shared, boolean fenced, int pageCount, long pageByteSize) {
        this.claimable = claimable;
        this.shared = shared;
        this.fenced = fenced;
        for (int c = 0; c < capacities.length; c++) {
            long fits = Math.min(MAX_CLASS_BYTES / (pageByteSize << c), (pageCount >> c) / MIN_STACKS_PER_ARENA);
            capacities[c] = (int) Math.min(fits, MagazineSlot.MAX_DEPTH);
        }
        slots = new MagazineSlot[claimable + shared];
        Arrays.setAll(slots, i -> new MagazineSlot(capacities));
    }

    /// {@return the magazine class of runs of `pageCount` pages, or -1 if they have none}
    static int classOf(int pageCount) {
        return pageCount > 0 && pageCount <= MAX_RUN && (pageCount & (pageCount - 1)) == 0
                ? Integer.numberOfTrailingZeros(pageCount)
                : -1;
    }

    int slotCount() {
        return slots.length;
    }

    int capacity(int runClass) {
        return capacities[runClass];
    }

    /// Enters the slot of the calling thread, or one that it may share.
    ///
    /// @return the slot, to be left with [MagazineSlot#exit] after no more than a few stores, or null if there is
    ///     none now
    @Nullable MagazineSlot enter() {
        long thread = Thread.currentThread().threadId();
        MagazineSlot slot = slots[(int) thread & (claimable - 1)];
        if (slot.owner() != thread) {
            return enterElsewhere(thread);
        }
        return enterOwn(slot);
    }

    private @Nullable MagazineSlot enterOwn(MagazineSlot slot) {
        slot.enterAsOwner();
        if (fenced) {
            VarHandle.fullFence();
        }
        if (revoked != 0) {
            slot.exit();
            return null;
        }
        return slot;
    }

    private @Nullable MagazineSlot enterElsewhere(long thread) {
        if (!Thread.currentThread().isVirtual()) {
            for (int probe = 0; probe < PROBES; probe++) {
                MagazineSlot slot = slots[(int) (thread + probe) & (claimable - 1)];
                long owner = slot.owner();
                if (owner == thread || (owner == 0 && slot.claim(thread))) {
                    return enterOwn(slot);
                }
            }
        }
        for (int probe = 0; probe < shared; probe++) {
            MagazineSlot slot = slots[claimable + ((int) (thread + probe) & (shared - 1))];
            if (slot.tryEnter()) {
                if (revoked == 0) {
                    return slot;
                }
                slot.exit();
                return null;
            }
        }
        return null;
    }

    /// Keeps every thread out of the slots until [#resume]; calls nest. Slots may still be busy when this returns.
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    void suspend() {
        revoked++;
    }

    /// Ends [#suspend].
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    void resume() {
        revoked--;
    }

    /// Empties every slot, between [#suspend] and a barrier before, and [#resume] after. Slots of dead threads become
    /// free.
    ///
    /// @return how many slots stayed busy for too long and were left alone
    int drain(FreeRunSink sink) {
        int leftAlone = 0;
        for (MagazineSlot slot : slots) {
            if (!awaitIdle(slot)) {
                leftAlone++;
                continue;
            }
            for (int c = 0; c < MagazineSlot.CLASSES; c++) {
                for (int page = slot.pop(c); page >= 0; page = slot.pop(c)) {
                    sink.accept(page, 1 << c);
                }
            }
            slot.forgetDead();
        }
        return leftAlone;
    }

    /// Where drained runs go.
    interface FreeRunSink {
        void accept(int page, int pageCount);
    }

    /// {@return whether nobody is in a slot; after [#suspend] and a barrier nobody will be from then on}
    boolean isQuiet() {
        for (MagazineSlot slot : slots) {
            if (slot.isBusy()) {
                return false;
            }
        }
        return true;
    }

    /// {@return the pages in all slots; exact while nobody is in one}
    int cachedPages() {
        int pages = 0;
        for (MagazineSlot slot : slots) {
            pages += slot.cachedPages();
        }
        return pages;
    }

    @Override
    public String toString() {
        return "Magazines(claimable=%d, shared=%d, capacities=%s, revoked=%d)"
                .formatted(claimable, shared, Arrays.toString(capacities), revoked);
    }

    /// Once a slot is seen idle after the barrier it stays so, since whoever enters it from then on sees `revoked`.
    private static boolean awaitIdle(MagazineSlot slot) {
        if (!slot.isBusy()) {
            return true;
        }
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (slot.isBusy()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(LOOK_AGAIN_NANOS);
        }
        return true;
    }
}
