package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Region;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.os.VirtualMemory;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class RunRequestTest {

    private static final int PAGES = 64;

    /// Otherwise a run that cannot grow would have all idle pages of the arena decommitted, in vain.
    @Test
    void requestForPagesInUseNeedsNoMemoryThoughAnotherRequestDid() {
        VirtualMemory memory = VirtualMemory.system();
        long pageBytes = memory.pageSize();
        Reservations reservations = new Reservations(memory, new MappingBudget(10));
        try (ScratchMemory tables = ScratchMemory.of(PAGES * FrameLayout.FRAME_BYTES);
                FreeMapFixture fixture = new FreeMapFixture(PAGES);
                Region region = reservations.reserve("pages", PAGES * pageBytes, pageBytes)) {
            PageFrames frames = new PageFrames(
                    "arena",
                    1,
                    tables.address(),
                    region.address(),
                    PAGES,
                    Long.numberOfTrailingZeros(pageBytes),
                    new BitSet(),
                    null);
            FrameSupply supply = new FrameSupply(
                    region,
                    frames,
                    fixture.map,
                    MemoryBudget.of("one page", pageBytes),
                    new FrameSupply.Settings(PAGES, PAGES, 0, false, 1));
            assertThat(RunRequest.anywhere(1, 1).attempt(supply)).isZero();
            RunRequest refused = RunRequest.anywhere(1, 1);
            assertThat(refused.attempt(supply)).isEqualTo(FreeMap.NONE);
            assertThat(refused.needsMemory()).as("%s", refused).isTrue();

            RunRequest inUse = RunRequest.at(0, 1);
            assertThat(inUse.attempt(supply)).isEqualTo(FreeMap.NONE);
            assertThat(inUse.needsMemory()).as("%s", inUse).isFalse();
        } finally {
            reservations.releaseRetained();
        }
    }
}
