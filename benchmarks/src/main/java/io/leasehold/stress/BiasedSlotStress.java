package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.Words;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// Biased slots, alone and as an arena uses them: a reclaimer and an owner never work on one slot at the same time.
public final class BiasedSlotStress {

    private static final VirtualMemory MEMORY = VirtualMemory.system();
    private static final boolean FENCED = !MEMORY.can(VirtualMemory.Capability.BARRIER);

    private BiasedSlotStress() {}

    /// The handshake alone, with the accesses of a slot: a store and a load in program order on one side, a store, a
    /// barrier and a load on the other.
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "The owner was first; the reclaimer waits for it.")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "The reclaimer was first; the owner does not enter.")
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "Both saw each other.")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "Neither saw the other: both are in the slot.")
    @State
    public static class Handshake {

        private static final VarHandle CELL =
                MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();
        private static final int BUSY = 16;

        private final int[] cells = new int[2 * BUSY];
        private volatile int revoked;

        /// The owner of a slot.
        @Actor
        public void owner(II_Result r) {
            CELL.setOpaque(cells, BUSY, 1);
            if (FENCED) {
                VarHandle.fullFence();
            }
            r.r1 = revoked;
        }

        /// The reclaimer.
        @Actor
        public void reclaimer(II_Result r) {
            revoked = 1;
            if (FENCED) {
                VarHandle.fullFence();
            } else {
                MEMORY.barrier();
            }
            r.r2 = (int) CELL.getAcquire(cells, BUSY);
        }
    }

    /// A thread creates its slot at its first use, while a reclaimer closes all slots for good and visits the existing
    /// ones.
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "The owner was first; the reclaimer saw its slot.")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "The reclaimer was first; the owner was refused.")
    @Outcome(expect = FORBIDDEN, desc = "The owner worked in a slot that the reclaimer did not see.")
    @State
    public static class FirstEntry {

        private final BiasedSlots slots = new BiasedSlots(1, FENCED);

        /// The first user of the slot.
        @Actor
        public void owner(II_Result r) {
            int[] cells = slots.enter();
            if (cells != null) {
                cells[BiasedSlot.FIRST] = 1;
                BiasedSlots.exit(cells);
                r.r1 = 1;
            }
        }

        /// The reclaimer.
        @Actor
        public void reclaimer(II_Result r) {
            slots.suspend();
            if (!FENCED) {
                MEMORY.barrier();
            }
            int leftAlone = 1;
            while (leftAlone > 0) {
                leftAlone = slots.visit(slot -> r.r2 += slot.cells()[BiasedSlot.FIRST]);
            }
        }
    }

    /// An owner works from its magazine while a reclaimer flushes all magazines and works from the shared pool.
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "No page had two owners.")
    @Outcome(expect = FORBIDDEN, desc = "A page had two owners, or a free page was not found.")
    @State
    public static class ReclaimAgainstOwner {

        /// A small arena, so that the reclaimer needs pages from the owner's magazine.
        private static final PageArena ARENA = PageArena.open(
                PageArenaOptions.builder().name("slots").byteSize(64 * 4096L).build());

        /// Allocates a page from its magazine and frees it.
        @Actor
        public void owner(ZZ_Result r) {
            r.r1 = usePage(ARENA, 1);
        }

        /// Allocates all free pages, including those in magazines.
        @Actor
        public void reclaimer(ZZ_Result r) {
            ARENA.trim();
            r.r2 = usePage(ARENA, 2);
        }

        private static boolean usePage(PageArena arena, int id) {
            long page = arena.tryAllocate();
            if (page == PageArena.NO_PAGE) {
                return false;
            }
            long word = arena.frames().address(page);
            boolean alone = Words.compareAndSetInt(word, 0, id) && Words.compareAndSetInt(word, id, 0);
            arena.free(page);
            return alone;
        }
    }
}
