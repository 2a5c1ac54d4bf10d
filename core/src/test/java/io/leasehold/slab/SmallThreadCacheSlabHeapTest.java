package io.leasehold.slab;

/// Heaps whose magazines are often full or empty.
class SmallThreadCacheSlabHeapTest implements SlabHeapContract, SlabHeapCloseContract, SlabHeapArenaContract {

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(4 << 10).withThreadCache(4 << 10);
    }
}
