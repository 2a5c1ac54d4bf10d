package io.leasehold.slab;

/// Heaps on the largest pages that are allowed.
class PagesOf64KiBSlabHeapTest implements SlabHeapContract, SlabHeapArenaContract, SlabHeapPurgeContract {

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(64 << 10);
    }
}
