package io.leasehold.slab;

/// Heaps with the smallest tails and the most slabs.
class PagesOf4KiBSlabHeapTest
        implements SlabHeapContract, SlabHeapCloseContract, SlabHeapArenaContract, SlabHeapPurgeContract {

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(4 << 10);
    }
}
