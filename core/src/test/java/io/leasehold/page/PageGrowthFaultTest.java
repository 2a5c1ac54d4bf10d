package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// When the pages of an arena without `prefault` are faulted in by calls: in runs, while it grows.
class PageGrowthFaultTest {

    private static final int RUN = 16;
    private static final long TICK = 1_000_000;

    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    private final Reservations reservations = new Reservations(memory, new MappingBudget(100));
    private final PageArena arena = open();
    private final int growth = (int) (FrameSupply.GROWTH_BYTES / arena.options().pageByteSize());

    @BeforeEach
    void needsResidency() {
        assumeTrue(memory.can(Capability.RESIDENCY), () -> memory + " has no residency");
    }

    @AfterEach
    void closes() {
        arena.checkInvariants();
        arena.closeForcibly();
        reservations.releaseRetained();
    }

    @Test
    void fewPagesAreFaultedInWhenTheyAreTouched() {
        allocateRuns(growth / 2);
        assertThat(arena.residentBytes()).isZero();
    }

    @Test
    void runsOfAnArenaThatGrowsAreFaultedIn() {
        allocateRuns(3 * growth);
        assertThat(arena.residentBytes())
                .isBetween(FrameSupply.GROWTH_BYTES, arena.stats().committedBytes());
        assertThat(arena.stats().livePages()).isEqualTo(3 * growth);
    }

    @Test
    void growthIsForgottenAfterTwoTicks() {
        allocateRuns(growth + RUN);
        long resident = arena.residentBytes();
        PageArenas.step(arena, 3 * TICK);
        allocateRuns(growth / 2);
        assertThat(arena.residentBytes()).isEqualTo(resident);
    }

    @Test
    void pagesThatHoldMemoryAreNotFaultedInAgain() {
        long run = arena.allocateRun(growth);
        arena.free(run);
        run = arena.allocateRun(RUN);
        long calls = memory.count(Call.ADVISE);
        allocateRuns(growth / 2);
        assertThat(memory.count(Call.ADVISE)).isEqualTo(calls);
        arena.free(run);
    }

    @Test
    void refusalOfTheKernelIsNoFailureAndIsNotRepeated() {
        allocateRuns(growth);
        memory.failFrom(Call.ADVISE, 1, Errno.ENOMEM);
        allocateRuns(growth);
        assertThat(memory.injected()).as("at most a run and the magazine").isBetween(1L, 2L);
        assertThat(arena.stats().kernelRefusals()).isZero();
        assertThat(arena.stats().livePages()).isEqualTo(2 * growth);
    }

    private void allocateRuns(int pages) {
        for (int i = 0; i < pages / RUN; i++) {
            long ignored = arena.allocateRun(RUN);
        }
    }

    private PageArena open() {
        return PageArena.open(
                PageArenaOptions.builder()
                        .byteSize(8 * FrameSupply.GROWTH_BYTES)
                        .decay(Duration.ofNanos(Decay.TICKS * TICK))
                        .budget(MemoryBudget.of("parent", 1 << 30))
                        .build(),
                reservations,
                0);
    }
}
