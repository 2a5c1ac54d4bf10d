package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// The address space of a closed arena serves the next one. Later calls to the closed arena must not change it.
class PageArenaSuccessorTest {

    private final LedgerVirtualMemory memory = new LedgerVirtualMemory(Set.of());
    private final Reservations reservations = new Reservations(memory, new MappingBudget(100));
    private final MemoryBudget parent = MemoryBudget.of("parent", 64 << 20);
    private PageArena closed = open();
    private PageArena successor = closed;

    @BeforeEach
    void succeed() {
        long address = closed.frames().addressOf(0);
        closed.close();
        successor = open();
        assertThat(successor.frames().addressOf(0))
                .as("address space that serves again")
                .isEqualTo(address);
    }

    @Test
    void allocatingFromAClosedArenaTakesNothingOfItsSuccessor() {
        successor.free(successor.allocate()); // the magazine of this thread has pages now
        refusedAsClosed(closed::tryAllocate);
        refusedAsClosed(() -> closed.tryAllocateRun(1));
        refusedAsClosed(() -> closed.tryAllocateRun(3));
        successor.checkInvariants();
        assertThat(successor.stats().livePages()).isZero();
    }

    @Test
    void noPageOfAClosedArenaIsNotTheFirstPageOfItsSuccessor() {
        long page = successor.allocate();
        assertThat(FrameLayout.index(page))
                .as("the page that NO_PAGE would be with another tag")
                .isZero();
        assertThat(closed.frames().isLive(PageArena.NO_PAGE)).isFalse();
        refusedAsClosed(() -> closed.frames().wire(PageArena.NO_PAGE));
        refusedAsClosed(() -> closed.frames().address(PageArena.NO_PAGE));
        refusedAsClosed(() -> closed.free(PageArena.NO_PAGE));
        assertThat(successor.frames().isLive(page)).isTrue();
        assertThat(successor.frames().wireCount(page)).isZero();
    }

    @Test
    void handlesOfAClosedArenaAreRejectedByItAndByItsSuccessor() {
        PageArena third = open();
        long page = third.allocate();
        third.free(page);
        third.close();
        PageArena fourth = open();
        fourth.allocate();
        refusedAsClosed(() -> third.free(page));
        assertThat(assertThrows(PageStateException.class, () -> fourth.free(page))
                        .kind())
                .isEqualTo(StateKind.FOREIGN);
    }

    @Test
    void usingAClosedArenaLeavesRetainedMemoryZero() {
        successor.close();
        refusedAsClosed(closed::tryAllocate);
        refusedAsClosed(successor::tryAllocate);
        closed.trim();
        PageArena next = open();
        next.checkInvariants();
        assertThat(next.stats().cachedPages()).isZero();
        assertThat(memory.can(Capability.DECOMMIT) ? reservations.retainedCount() : 0)
                .isZero();
        next.free(next.allocate());
        next.close();
    }

    private PageArena open() {
        long byteSize = 64 * Math.max(4096, memory.pageSize());
        return PageArena.open(
                PageArenaOptions.builder().byteSize(byteSize).budget(parent).build(), reservations, 0);
    }

    private static void refusedAsClosed(Executable call) {
        assertThat(assertThrows(PageStateException.class, call).kind()).isEqualTo(StateKind.CLOSED);
    }
}
