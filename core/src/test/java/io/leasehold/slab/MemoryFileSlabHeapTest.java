package io.leasehold.slab;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import org.junit.jupiter.api.BeforeAll;

/// Heaps whose pages are in a memory file.
class MemoryFileSlabHeapTest implements SlabHeapArenaContract, SlabHeapPurgeContract {

    @BeforeAll
    static void skipWithoutMemoryFiles() {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
    }

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(4 << 10).withMemoryFile();
    }
}
