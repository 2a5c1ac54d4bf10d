package io.leasehold.page;

import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.memory.TestMemory;
import org.junit.jupiter.api.AfterEach;

/// Arenas in the portable form, over a small segment.
class PortablePageArenaTest
        implements PageArenaContract, PageArenaOptionContract, PageArenaBoundContract, PageArenaCloseContract {

    private final ScratchMemory scratch = ScratchMemory.of(64 << 20, 2 << 20);
    private final Reservations reservations = new Reservations(TestMemory.portable(scratch), new MappingBudget(1000));

    @Override
    public Reservations reservations() {
        return reservations;
    }

    @AfterEach
    void giveMemoryBack() {
        reservations.releaseRetained(); // before the memory under it is freed
        scratch.close();
    }
}
