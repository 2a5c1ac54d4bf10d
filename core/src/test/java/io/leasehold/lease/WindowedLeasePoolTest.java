package io.leasehold.lease;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import org.junit.jupiter.api.BeforeAll;

/// Leases at windows, of which there are enough for every test of the contracts.
class WindowedLeasePoolTest implements LeasePoolContract, LeaseContract, LeaseOwnershipContract, LeaseThreadsContract {

    @BeforeAll
    static void skipWithoutMemoryFiles() {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
    }

    @Override
    public LeasePoolOptions options() {
        return LeasePoolOptions.windowed(64).withWindowPages(4).withName("loans");
    }

    @Override
    public LeaseFixture fixture(LeasePoolOptions options) {
        return new LeaseFixture(VirtualMemory.system(), true, options);
    }
}
