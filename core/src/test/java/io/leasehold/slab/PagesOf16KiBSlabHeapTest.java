package io.leasehold.slab;

/// Heaps on the default page size of arenas that are not small.
class PagesOf16KiBSlabHeapTest implements SlabHeapContract, SlabHeapArenaContract, SlabHeapPurgeContract {

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(16 << 10);
    }
}
