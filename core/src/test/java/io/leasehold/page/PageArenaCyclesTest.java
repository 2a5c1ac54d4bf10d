package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.PageOwner;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Opening and closing uses up no resources, however often it happens, and no two owners ever share memory.
class PageArenaCyclesTest {

    private static final int CYCLES = Boolean.getBoolean("leasehold.soak") ? 100_000 : 400;
    private static final int LIMIT = 256;

    private final LedgerVirtualMemory memory = new LedgerVirtualMemory(Set.of());
    private final MappingBudget mappings = new MappingBudget(64);
    private final Reservations reservations = new Reservations(memory, mappings, 16);
    private final MemoryBudget budget = MemoryBudget.of("test", 1L << 40);
    private final long pageBytes = Math.max(4096, memory.pageSize());

    /// How an arena ends.
    enum End {
        CLOSED(0, false, false),
        FORCED(0, false, true),
        FORCED_WITH_A_PAGE_OUT(1, false, true),
        FORCED_WITH_A_RUN_OUT(3, false, true),
        FILE_CLOSED(0, true, false),
        FILE_FORCED_WITH_A_PAGE_OUT(1, true, true);

        private final int out;
        private final boolean isFile;
        private final boolean isForced;

        End(int out, boolean isFile, boolean isForced) {
            this.out = out;
            this.isFile = isFile;
            this.isForced = isForced;
        }
    }

    @AfterEach
    void releaseRetained() {
        reservations.releaseRetained();
        assertThat(mappings.used()).isZero();
        assertThat(memory.reservedBytes()).isZero();
        assertThat(memory.openDescriptors()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void cyclesUseNothingUp(End end) {
        if (end.isFile) {
            TestMemory.require(memory, Capability.MAP);
        }
        TestMemory.require(memory, Capability.DECOMMIT);
        Set<Long> left = new HashSet<>(); // addresses of pages that a previous owner may still write to
        long reserved = 0;
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            long lostBytes = left.size() * pageBytes;
            PageArena arena =
                    PageArena.open(options().toBuilder().memoryFile(end.isFile).build(), reservations, 0);
            long spaces = 1 + lostBytes / (arena.addressByteSize() / 2); // a new one when half of the last one is lost
            long run = arena.allocateRun(end.out + 5);
            long address = arena.frames().address(run);
            for (int i = 0; i < end.out + 5; i++) {
                assertThat(left.contains(address + i * pageBytes)).isFalse();
            }
            assertThat(OffHeap.getLong(address)).isZero();
            OffHeap.putLong(address, cycle + 1);
            if (end.out > 0) {
                arena.free(arena.split(run, end.out));
                for (int i = 0; i < end.out; i++) {
                    left.add(address + i * pageBytes);
                }
            } else {
                arena.free(run);
            }
            if (end.isForced) {
                assertThat(arena.closeForcibly()).isEqualTo(end.out);
            } else {
                arena.close();
            }
            if (end.out > 0) {
                OffHeap.putLong(address, -1); // as a stale user does
            }
            reserved = cycle == 0 ? memory.reservedBytes() : reserved;
            assertThat(memory.reservedBytes()).isEqualTo(spaces * reserved);
            assertThat(mappings.used()).isEqualTo(4 * spaces);
            assertThat(memory.openDescriptors()).isEmpty();
        }
        assertThat(left).hasSize(CYCLES * end.out);
        assertThat(budget.usedBytes()).isZero();
    }

    /// The remnant of a forced close is used again while half of the addresses of a new arena are adjacent in it.
    @Test
    void addressSpaceIsUsedUpInProportionToWhatIsLeftBehind() {
        try (ScratchMemory scratch = ScratchMemory.of(64 << 20, 2 << 20)) {
            Reservations few = new Reservations(TestMemory.portable(scratch), new MappingBudget(1_000), 4);
            Set<Long> left = new HashSet<>();
            int opened = 0;
            while (opened < 40) {
                PageArena arena = PageArena.open(options(), few, 0);
                long run = arena.allocateRun(LIMIT / 4);
                long address = arena.frames().address(run);
                for (int i = 0; i < LIMIT / 4; i++) {
                    assertThat(left.add(address + i * pageBytes))
                            .as("page of one owner")
                            .isTrue();
                }
                arena.checkInvariants();
                opened += arena.closeForcibly() > 0 ? 1 : 0;
            }
            // 4 MiB of addresses are enough for 2 MiB that are left behind
            assertThat(few.remnantCount()).isEqualTo(40 / 8);
            few.releaseRetained();
        }
    }

    /// A thread may be preempted between its check of a handle and the change of the frame.
    @Test
    void preemptedCallOnAForciblyClosedArenaChangesNothingOfItsSuccessor() {
        PageArena first = PageArena.open(options(), reservations, 0);
        int index = FrameLayout.index(first.allocateRun(4));
        first.closeForcibly();
        try (PageArena second = PageArena.open(options(), reservations, 0)) {
            assertThat(second.baseAddress()).isEqualTo(first.baseAddress());
            long page = second.allocateRun(LIMIT);
            first.frames().setRun(index, 4);
            first.frames().claim(index);
            second.checkInvariants();
            assertThat(second.stats().livePages()).isEqualTo(LIMIT);
            assertThat(second.frames().pageAt(second.frames().address(page))).isEqualTo(page);
            second.free(page);
        }
    }

    @Test
    void ownersAreRegisteredAndUnregistered() {
        try (PageArena arena = PageArena.open(options(), reservations, 0)) {
            long page = arena.allocate();
            for (int i = 0; i < CYCLES; i++) {
                PageOwner owner = arena.frames().register("owner");
                arena.frames().own(page, owner, i);
                assertThat(arena.frames().owner(page)).isEqualTo(owner);
                if (i % 2 == 0) {
                    ArenaAccess.of(arena).unregister(owner);
                    assertThat(arena.frames().owner(page)).hasToString("left behind");
                    arena.frames().own(page, owner, i);
                    assertThat(arena.frames().owner(page)).hasToString("left behind");
                } else {
                    long next = arena.allocate();
                    arena.free(page);
                    page = next;
                    ArenaAccess.of(arena).unregister(owner);
                    ArenaAccess.of(arena).unregister(owner);
                }
                assertThat(owner.pageCount()).isZero();
            }
            arena.free(page);
        }
    }

    private PageArenaOptions options() {
        return PageArenaOptions.builder()
                .pageByteSize(pageBytes)
                .byteSize(LIMIT * pageBytes)
                .budget(budget)
                .build();
    }
}
