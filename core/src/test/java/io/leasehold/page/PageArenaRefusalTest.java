package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.MemoryBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.Errno;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// What the kernel refuses in places where that matters most, one case each.
class PageArenaRefusalTest {

    private static final int PAGES = 64;

    private final LedgerVirtualMemory ledger = new LedgerVirtualMemory(Set.of());
    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(ledger);
    private final MappingBudget mappings = new MappingBudget(100);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final long pageBytes = Math.max(4096, memory.pageSize());

    @Test
    void aRefusedCloseByForceKeepsItsAddressSpaceWhenItIsRepeated() {
        need(Capability.DECOMMIT);
        PageArena arena = open(options -> options);
        arena.allocate();
        memory.failOnce(Call.DECOMMIT, 1, Errno.ENOMEM);
        assertThrows(OsException.class, arena::closeForcibly);
        arena.closeForcibly();
        assertThat(reservations.parkedCount())
                .as("regions for the next owner, though pointers into them are left")
                .isZero();
    }

    @Test
    void anArenaWithLockedPagesCanBeClosedByForce() {
        need(Capability.LOCK);
        PageArena arena = open(options -> options.withLockWired(true));
        long mapped = mappings.used();
        arena.frames().wire(arena.allocate());
        assertThat(ledger.lockedPageCount()).isEqualTo(1);
        assertThat(mappings.used()).isEqualTo(mapped + 2);
        assertThat(arena.closeForcibly()).isEqualTo(1);
        assertThat(ledger.lockedPageCount()).isZero();
        assertThat(mappings.used()).isEqualTo(mapped);
    }

    @Test
    void pagesThatCouldOnlyHalfBeLockedAreNotLocked() {
        need(Capability.LOCK);
        PageArena arena = open(options -> options.withLockWired(true));
        long run = arena.allocateRun(4);
        ledger.lockOnlyHalf(true);
        assertThrows(OsException.class, () -> arena.frames().wire(run));
        assertThat(arena.frames().wireCount(run)).isZero();
        assertThat(ledger.lockedPageCount())
                .as("pages locked by a lock that failed")
                .isZero();
        arena.free(run);
        assertThat(arena.trim()).as("bytes given back").isGreaterThanOrEqualTo(4 * pageBytes);
        arena.close();
    }

    @Test
    void exhaustionByAFailedBarrierIsItsCause() {
        need(Capability.BARRIER);
        PageArena arena = open(options -> options);
        arena.free(arena.allocate()); // into the magazine, out of which no barrier brings it
        memory.failFrom(Call.BARRIER, 1, Errno.EPERM);
        PageExhaustedException e = assertThrows(PageExhaustedException.class, () -> arena.allocateRun(PAGES));
        assertThat(e).hasCauseInstanceOf(OsException.class);
        memory.disarm();
        arena.free(arena.allocateRun(PAGES));
        arena.close();
    }

    @Test
    void exhaustionByAFailedDecommitIsItsCause() {
        need(Capability.DECOMMIT);
        MemoryBudget parent = MemoryBudget.of("parent", 64 << 20);
        PageArena arena = open(options -> options.withBudget(parent));
        long idle = arena.allocateRun(5);
        arena.allocateRun(1);
        hog(parent);
        arena.free(idle);
        memory.failFrom(Call.DECOMMIT, 1, Errno.ENOMEM);
        // there are 40 pages side by side, and only the memory of the idle ones could pay for some of them
        PageExhaustedException e = assertThrows(PageExhaustedException.class, () -> arena.allocateRun(40));
        assertThat(e).hasCauseInstanceOf(OsException.class);
    }

    @Test
    void growingUsesTheBudgetThatIdlePagesHold() {
        need(Capability.DECOMMIT);
        MemoryBudget parent = MemoryBudget.of("parent", 64 << 20);
        PageArena arena = open(options -> options.withBudget(parent));
        long idle = arena.allocateRun(9);
        long run = arena.allocateRun(9);
        hog(parent);
        arena.free(idle);
        assertThat(arena.tryGrow(run, 5)).as("grown into free pages").isTrue();
    }

    @Test
    void aRefusedReleaseLeavesTheOthersParked() {
        need(Capability.DECOMMIT);
        open(options -> options).close();
        assertThat(reservations.parkedCount()).isEqualTo(2);
        memory.failOnce(Call.RELEASE, 2, Errno.ENOMEM);
        assertThrows(OsException.class, reservations::releaseParked);
        assertThat(reservations.parkedCount()).as("regions still parked").isEqualTo(1);
        assertThat(mappings.used()).isEqualTo(2);
        reservations.releaseParked();
        assertThat(mappings.used()).isZero();
        assertThat(ledger.reservedBytes()).isZero();
    }

    private PageArena open(UnaryOperator<PageArenaOptions> change) {
        PageArenaOptions options = PageArenaOptions.defaults()
                .withByteSize(PAGES * pageBytes)
                .withBudget(MemoryBudget.of("parent", 64 << 20));
        return PageArena.open(change.apply(options), reservations, 0);
    }

    /// Takes what a budget has left, up to less than a page.
    private void hog(MemoryBudget budget) {
        assertThat(budget.tryReserve(budget.byteLimit() - budget.usedBytes())).isTrue();
    }

    private void need(Capability capability) {
        if (!memory.can(capability)) {
            System.out.println("skipped: " + memory + " has not " + capability);
        }
        assumeTrue(memory.can(capability), () -> memory + " has not " + capability);
    }
}
