package io.leasehold.page;

import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;

/// Arenas in the default memory of this process: anonymous pages if it is native.
class AnonymousPageArenaTest
        implements PageArenaContract, PageArenaOptionContract, PageArenaBoundContract, PageArenaCloseContract {

    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(1000));

    @Override
    public Reservations reservations() {
        return reservations;
    }
}
